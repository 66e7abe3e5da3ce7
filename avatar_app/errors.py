"""Every failure, in the words the person will read.

AvatarError
├── NoCamera · CameraLost · NoMicrophone · SilentMicrophone · SoundLost
├── NoFace · TwoFaces · TooLittleFootage · TooLittleSpeech · NotLive
├── EmptyText · Unspeakable · StyleRefused · UnknownMark · NoGesture
├── DiskFull · FileTorn · WrongPassphrase · ShortPassphrase · VaultLocked
├── NoAvatar · AvatarOutdated · FolderRefused · SettingsUnreadable · NoSpeechEngine
├── RecordingTooShort · RecordingNoisy · RecordingEchoing · RecordingOverdriven
├── VoiceWhispered · VoiceShouted · TextNotRead · LibraryMissing
├── EngineNotReady · LanguageUnspoken · WeightsUnfit · DownloadStopped · DownloadAltered
└── WeightsMissing · WeightsAltered

Our own mistakes are ValueError and TypeError and go to the log, not here.
"""

from __future__ import annotations

from collections.abc import Sequence


class AvatarError(Exception):
    """Something the person can put right.

    Attributes:
        remedy: What to do about it, one sentence.
    """

    remedy = "Please try once more."

    def __init__(self, what: str) -> None:
        super().__init__(what)


class NoCamera(AvatarError):
    """No usable camera is connected."""

    remedy = "Connect a webcam, close other programs that use it, then try again."

    def __init__(self, detail: str = "") -> None:
        super().__init__("No camera was found." + (f" {detail}" if detail else ""))


class CameraLost(AvatarError):
    """The camera stopped delivering pictures midway."""

    remedy = "Plug the camera back in and record this clip again; the others are kept."

    def __init__(self) -> None:
        super().__init__("The camera stopped sending pictures.")


class NoMicrophone(AvatarError):
    """No usable microphone is connected, or the sound system is missing."""

    remedy = "Connect a microphone and allow this app to use it, then try again."

    def __init__(self, detail: str = "") -> None:
        super().__init__("No microphone was found." + (f" {detail}" if detail else ""))


class SoundLost(AvatarError):
    """The microphone stopped delivering sound midway."""

    remedy = "Check the microphone's plug and record this clip again."

    def __init__(self) -> None:
        super().__init__("The microphone stopped sending sound.")


class SilentMicrophone(AvatarError):
    """The microphone delivers samples, but no voice is in them."""

    remedy = "Unmute the microphone or move closer to it, then record again."

    def __init__(self, level_db: float) -> None:
        super().__init__(
            f"The microphone is silent (the loudest moment was {level_db:.0f} dB)."
        )
        self.level_db = level_db


class NoFace(AvatarError):
    """Too few frames of the footage show a face."""

    remedy = "Sit in the light, face the camera, and record again."

    def __init__(self, seen_fraction: float) -> None:
        super().__init__(f"A face was seen in only {seen_fraction:.0%} of the footage.")
        self.seen_fraction = seen_fraction


class TwoFaces(AvatarError):
    """A second face is in the picture."""

    remedy = "Make sure that only you are in the picture, then record again."

    def __init__(self, seconds: float) -> None:
        super().__init__(f"A second face was seen {seconds:.1f} s into the recording.")
        self.seconds = seconds


class TooLittleFootage(AvatarError):
    """There is not enough speech on film to learn a mouth from."""

    remedy = "Read on for at least 30 seconds; three minutes make a good avatar."

    def __init__(self, seconds: float, needed: float) -> None:
        super().__init__(
            f"There are {seconds:.0f} seconds of you speaking; "
            f"at least {needed:.0f} are needed."
        )
        self.seconds = seconds


class TooLittleSpeech(AvatarError):
    """There are too few read sentences to learn a voice from."""

    remedy = "Read at least ten sentences aloud, then build again."

    def __init__(self, sentences: int, needed: int) -> None:
        super().__init__(
            f"Only {sentences} sentences could be used for the voice; "
            f"at least {needed} are needed."
        )


class NotLive(AvatarError):
    """Nobody has shown that a living, consenting person is in front of the camera."""

    remedy = "Enroll in front of your own camera; recordings cannot be enrolled."

    def __init__(self, why: str) -> None:
        super().__init__(why)


class EmptyText(AvatarError):
    """There is nothing to say."""

    remedy = "Type at least one word."

    def __init__(self) -> None:
        super().__init__("The text is empty.")


class Unspeakable(AvatarError):
    """The text holds characters that the voice has no sound for."""

    remedy = "Write these in letters or take them out, then try again."

    def __init__(self, characters: str) -> None:
        super().__init__(f"The voice cannot say: {characters}")
        self.characters = characters


class SsmlRefused(AvatarError):
    """A text in SSML holds what is not understood."""

    remedy = "Change it there, or write the text without marks, then try again."

    def __init__(self, reason: str) -> None:
        super().__init__(f"The SSML cannot be read: {reason}.")


class GlossaryRefused(AvatarError):
    """A line of a pronunciation glossary cannot be read."""

    remedy = "Write it like “nginx = engine ex” or “Siobhan = /ʃɪˈvɔːn/”."

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"Line {line} of the glossary cannot be read: {reason}.")


class UnknownSound(AvatarError):
    """A pronunciation names a sound that the voice's language does not have."""

    remedy = (
        "Write the pronunciation with the sounds of the lesson's language, or as "
        "ordinary words that sound like it."
    )

    def __init__(self, symbol: str) -> None:
        super().__init__(f"The voice has no sound for “{symbol}” in a pronunciation.")


class StyleRefused(AvatarError):
    """A control is unknown or set beyond its range."""

    remedy = "Choose a value within the range; leave it out for the usual one."

    def __init__(self, why: str) -> None:
        super().__init__(why)


class DiskFull(AvatarError):
    """The disk has no room for what is being written."""

    remedy = "Free some space on this disk; what was finished is kept."

    def __init__(self, folder: str) -> None:
        super().__init__(f"The disk is full ({folder}).")


class FolderRefused(AvatarError):
    """A folder cannot be written to."""

    remedy = "Choose a folder in which you may write."

    def __init__(self, folder: str) -> None:
        super().__init__(f"This folder cannot be used: {folder}")


class FileTorn(AvatarError):
    """A sealed file was cut short or altered."""

    remedy = "Restore it from a backup, or build the avatar again."

    def __init__(self, name: str) -> None:
        super().__init__(f"The file '{name}' is damaged and was not opened.")


class WrongPassphrase(AvatarError):
    """The passphrase does not open the vault."""

    remedy = "Type it again; capitals and spaces count."

    def __init__(self) -> None:
        super().__init__("That passphrase does not open this vault.")


class ShortPassphrase(AvatarError):
    """The new passphrase could be guessed in no time."""

    remedy = "Choose a longer one; a few words in a row are easy to remember."

    def __init__(self, needed: int) -> None:
        super().__init__(f"A passphrase needs at least {needed} characters.")
        self.needed = needed


class VaultLocked(AvatarError):
    """The vault is locked."""

    remedy = "Unlock it with your passphrase."

    def __init__(self) -> None:
        super().__init__("Your vault is locked.")


class NoAvatar(AvatarError):
    """No avatar has been built here yet."""

    remedy = "Enroll and build your avatar first."

    def __init__(self) -> None:
        super().__init__("There is no avatar here yet.")


class SettingsUnreadable(AvatarError):
    """The settings file is damaged, or holds something unknown."""

    remedy = "Correct the file, or delete it to start with the usual settings."

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"The settings in {path} cannot be used: {why}")
        self.path = path


class AvatarOutdated(AvatarError):
    """The avatar was learned by a version that listened differently."""

    remedy = "Build your avatar again; your recordings are kept."

    def __init__(self) -> None:
        super().__init__("This avatar was made by another version of the app.")


class UnknownMark(AvatarError):
    """A script asks for a gesture that nobody knows."""

    remedy = "Write a gesture the app knows, or take the brackets away to have it said."

    def __init__(self, mark: str, line: int, nearest: str) -> None:
        super().__init__(
            f"{mark} in line {line} is no gesture. The nearest is {nearest}."
        )
        self.mark, self.line, self.nearest = mark, line, nearest


class NoGesture(AvatarError):
    """A script asks for a gesture that this avatar was never shown."""

    remedy = "Record that gesture and build the avatar again, or take the mark out."

    def __init__(self, name: str, known: Sequence[str]) -> None:
        has = ", ".join(f"[{one}]" for one in known)
        tells = f"It has {has}." if has else "It has none."
        super().__init__(f"This avatar has no gesture [{name}]. {tells}")
        self.name = name


class NoSpeechEngine(AvatarError):
    """The phoneme engine espeak-ng cannot be loaded."""

    remedy = "Run 'python3 packaging/start.py' again to repair the installation."

    def __init__(self, detail: str) -> None:
        super().__init__(f"The pronunciation engine espeak-ng is missing ({detail}).")


class WeightsMissing(AvatarError):
    """A file of learned weights that comes with the program is not there."""

    remedy = "Run 'python3 packaging/start.py' again to repair the installation."

    def __init__(self, name: str) -> None:
        super().__init__(f"The file '{name}' that came with the program is missing.")
        self.name = name


class WeightsAltered(AvatarError):
    """A file of learned weights is not the one that came with the program."""

    remedy = "Run 'python3 packaging/start.py' again to repair the installation."

    def __init__(self, name: str) -> None:
        super().__init__(f"The file '{name}' was altered or damaged and was not used.")
        self.name = name


class EngineNotReady(AvatarError):
    """An optional engine was asked for that this computer is not set up for."""

    def __init__(self, engine: str, why: str) -> None:
        super().__init__(f"The engine '{engine}' cannot be used: {why}.")
        self.engine = engine
        self.remedy = f"Run 'avatar-app weights {engine}' first, or leave it out."


class LanguageUnspoken(AvatarError):
    """An engine was asked to speak a language that it does not speak."""

    remedy = "Leave the engine out, and your own voice speaks."

    def __init__(self, engine: str, language: str) -> None:
        super().__init__(f"The engine '{engine}' does not speak '{language}'.")
        self.language = language


class WeightsUnfit(AvatarError):
    """A chosen file of other people's weights is not what its engine needs."""

    remedy = "Choose the file as its authors published it."

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"The file '{name}' cannot be used: {why}.")
        self.name = name


class DownloadStopped(AvatarError):
    """What the person asked to download did not arrive, or only in part."""

    remedy = "Check the connection, then start it again; what has arrived is kept."

    def __init__(self, name: str, server: str) -> None:
        super().__init__(f"'{name}' could not be downloaded from {server}.")
        self.name = name


class DownloadAltered(AvatarError):
    """What arrived is not what its publisher promised; it was thrown away."""

    remedy = "Start it again, or get the file another way and choose it."

    def __init__(self, name: str) -> None:
        super().__init__(f"What arrived as '{name}' is another file; it was erased.")
        self.name = name


class LibraryMissing(AvatarError):
    """A library that the program needs cannot be loaded."""

    remedy = "Run 'python3 packaging/start.py' again to repair the installation."

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"The library {name} cannot be loaded ({detail}).")
        self.name = name


class RecordingTooShort(AvatarError):
    """The recordings hold next to no speech."""

    remedy = "Read at least ten sentences aloud, then build again."

    def __init__(self, seconds: float, needed: float) -> None:
        super().__init__(
            f"There are only {seconds:.0f} seconds of speech in the recordings; "
            f"at least {needed:.0f} are needed."
        )
        self.seconds = seconds


class RecordingNoisy(AvatarError):
    """The noise is so strong that taking it off would hurt the voice."""

    remedy = (
        "Turn off fans and music, close the window, move closer to the microphone, "
        "then record again."
    )

    def __init__(self, above_db: float) -> None:
        super().__init__(
            f"The recordings are too noisy: the voice stands only {above_db:.0f} dB "
            "above the noise."
        )
        self.above_db = above_db


class RecordingEchoing(AvatarError):
    """The room echoes more than can be taken out."""

    remedy = (
        "Move closer to the microphone, or record in a room with carpet, curtains or "
        "a full wardrobe."
    )

    def __init__(self, seconds: float) -> None:
        super().__init__(
            "The room echoes too much in the recordings: "
            f"sounds take {seconds:.1f} s to die away."
        )
        self.seconds = seconds


class VoiceWhispered(AvatarError):
    """The recordings are whispered."""

    remedy = "Read in the voice in which you talk to somebody beside you."

    def __init__(self) -> None:
        super().__init__("The recordings are whispered, so there is no voice in them.")


class VoiceShouted(AvatarError):
    """The recordings are shouted."""

    remedy = "Read calmly, as to somebody beside you, and move closer if need be."

    def __init__(self) -> None:
        super().__init__("The recordings are shouted.")


class RecordingOverdriven(AvatarError):
    """The sound was too loud for the microphone and is cut off at the top."""

    remedy = (
        "Turn the microphone's level down or move back a little, then record again."
    )

    def __init__(self, share: float) -> None:
        super().__init__(
            f"The recordings are overdriven ({share:.1%} of the sound is cut off)."
        )
        self.share = share


class TextNotRead(AvatarError):
    """What was said is not the text, or is in another language."""

    remedy = "Read the sentences just as they stand, in their own language."

    def __init__(self, language: str) -> None:
        super().__init__(
            f"What was said is not the text on the screen, or not in its language "
            f"({language})."
        )
