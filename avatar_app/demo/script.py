"""What the drawn presenter reads to be learned from, and the lesson it then gives."""

from __future__ import annotations

from avatar_app.capture.devices import Prompt
from avatar_app.capture.take import Purpose

_SENTENCES = (
    "Please bring both blue cups up to the back porch before breakfast.",
    "My mother made warm apple muffins for me on Monday morning.",
    "Five very brave foxes leaped over the frozen river.",
    "The judge enjoyed a large orange and a jar of ginger jam.",
    "She washed the fresh fish and put a dash of salt on each dish.",
    "Which white whale would you watch while we wait?",
    "Those three brothers thought that the path was smooth and the weather mild.",
    "You knew few of the new rules at noon, but soon you used two.",
    "Pop the top off the bottle and pour a drop into the pot.",
    "He keeps green tea leaves and sweet peas in these deep tins.",
    "I might fly a kite high above the quiet, bright white ice.",
    "How loud the crowd sounds outside our brown house now!",
    "The boy enjoys noisy toys, and his voice fills the room with joy.",
    "Old Joe drove home slowly and told no one about the snow.",
    "Put a good book by the wooden hook and look at the cook's foot.",
    "The happy cat sat on a flat black mat and ate a snack.",
    "Father parked the car in the yard, far from the calm pond.",
    "Every red bed has ten heavy blankets, and seven pets rest there.",
    "A bird turned on the curb and heard the first early words.",
    "Some young ducks jump in the mud and run under the bus.",
    "The small hawk caught a long yellow straw on the lawn.",
    "Big Bill did his kitchen chores in a minute and skipped the film.",
    "They say the gray train may be late again today, so wait in the shade.",
    "Usually a vision of treasure brings great pleasure and some confusion.",
    "The king sang a strong song, longing for spring and a ring of pink.",
    "We can fix a mixed box of parts, if Max packs six extra clips.",
    # With these it is more than two minutes, as everybody is advised to read.
    "Thick and thin paths both lead north, through the earth and over the heath.",
    "The coach chose cheese and rich cherry sauce for a cheap church lunch.",
    "Her view of the beige garage gave the measure of its leisure and pleasure.",
    "Whoever would move two new pews should wear good, smooth wooden shoes.",
)

DEMO_PROMPTS: tuple[Prompt, ...] = (
    Prompt("", Purpose.LISTENING, 8.0),
    *(Prompt(sentence, Purpose.READING) for sentence in _SENTENCES),
)
DEMO_GESTURES: tuple[Prompt, ...] = (Prompt("nod", Purpose.GESTURE, 2.4),)

DEMO_LESSON = (
    "Hello, and welcome! [nod] I am the demo presenter. Nobody ever looked like me: "
    "the program drew my face and spoke my voice, so that you can try it without a "
    "camera. "
    "It listened while I read a few sentences and learned how my mouth moves. "
    "Now you may type any text you like, and I will say it. "
    "When you use your own camera and microphone, the app makes an avatar of you, and "
    "only of you. All the work happens on this computer, and nothing is sent anywhere."
)
