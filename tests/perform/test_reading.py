"""Numbers, dates, units, addresses and code are said as a person reads them."""

from __future__ import annotations

import pytest

from avatar_app.perform.reading import read_aloud, said_of


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("It costs $3.50.", "It costs three dollars and fifty cents."),
        ("About £5m or $1.2 billion.",
         "About five million pounds or one point two billion dollars."),
        ("Only €0.99!", "Only ninety-nine cents!"),
        ("On 2025-03-05 at 14:30.",
         "On March fifth, twenty twenty-five at fourteen thirty."),
        ("On 3/4/2025, at 10:05 am.",
         "On March fourth, twenty twenty-five, at ten oh five A.M."),
        ("The 4th of July, at 5 p.m. sharp.",
         "The fourth of July, at five P.M. sharp."),
        ("In 1984, in 2005.", "In nineteen eighty-four, in two thousand and five."),
        ("From 1914–1918.", "From nineteen fourteen to nineteen eighteen."),
        ("1,455.5 of us",
         "one thousand four hundred and fifty-five point five of us"),
        ("Agent 007 is 1st.", "Agent zero zero seven is first."),
        ("Winds of 60 km/h at −5 °C.",
         "Winds of sixty kilometers per hour at minus five degrees Celsius."),
        ("1 kg, 2 kg", "one kilogram, two kilograms"),
        ("3.5 % of 3/4", "three point five percent of three quarters"),
        ("A 16:9 picture.", "A sixteen to nine picture."),
        ("Python 3.11.2 runs.", "Python three point eleven point two runs."),
        ("Call +1 555-123-4567.",
         "Call plus one, five five five, one two three, four five six seven."),
        ("See https://www.example.com/docs.",
         "See example dot com slash docs."),
        ("Mail jane.doe@uni-mainz.edu now.",
         "Mail jane dot doe at uni dash mainz dot edu now."),
        ("Dr. Smith vs. Mr. Jones, e.g. in Fig. 3.",
         "doctor Smith versus mister Jones, for example in figure three."),
        ("The APIs of IBM and NASA.", "The A.P.I.'s of I.B.M. and nasa."),
        ("THIS IS FOR ALL OF US.", "this is for all of us."),
        ("READ this NOW.", "read this now."),
        ("Call getUserName() in user_id.py.",
         "Call get user name() in user id dot pie."),
        ("C++ or C#, Node.js 18.", "C plus plus or C sharp, node J.S. eighteen."),
        ("x² ≤ 4 & a/b, and/or c.",
         "x squared is at most four and a over b, and or c."),
        ("Henry VIII, Chapter IV, World War II.",
         "Henry the eighth, Chapter four, World War two."),
        ("McDonald has 5 A grades; I do not.", "McDonald has five A grades; I do not."),
        ("Wait... what?", "Wait... what?"),
        ("9" * 40, " ".join(["nine"] * 40)),
    ],
)  # fmt: skip
def test_english_is_read_as_an_educator_reads_it(written: str, said: str) -> None:
    """One line each; what needs no rule stays as it is."""
    assert said_of(read_aloud(written, "en-us")) == said


@pytest.mark.parametrize(
    ("language", "written", "said"),
    [
        ("es", "El 5 de mayo de 1999 pagó 3,50 €.",
         "El cinco de mayo de mil novecientos noventa y nueve pagó tres euros con "
         "cincuenta céntimos."),
        ("es", "P. 3, p. ej. 1.455 personas en EE.UU.",
         "P. tres, por ejemplo mil cuatrocientos cincuenta y cinco personas en "
         "Estados Unidos."),
        ("de", "Am 5. Mai 1999 um 14:30 kostet es 15 % mehr.",
         "Am fünften Mai neunzehnhundertneunundneunzig um vierzehn Uhr dreißig kostet "
         "es fünfzehn Prozent mehr."),
        ("de", "Der 03.10.1990, z. B. mit 20 km/h.",
         "Der dritte Oktober neunzehnhundertneunzig, zum Beispiel mit zwanzig "
         "Kilometer pro Stunde."),
        ("en-gb", "On 3/4/2025.", "On April third, twenty twenty-five."),
        ("fr", "Le 5 mai & 20 km.", "Le 5 mai & 20 km."),
    ],
)  # fmt: skip
def test_other_languages_have_their_own_words(
    language: str, written: str, said: str
) -> None:
    """Spanish and German by their tables; others are left to espeak-ng."""
    assert said_of(read_aloud(written, language)) == said


def test_every_written_word_is_in_one_piece_in_order() -> None:
    """Captions show what was written, whatever is said."""
    text = "On 5 May 1999, at 5 p.m., Dr. Who paid $3.50 for 2 km."

    pieces = read_aloud(text)

    assert " ".join(piece.written for piece in pieces) == text
    assert ("5 May 1999,", "May fifth, nineteen ninety-nine,") in [
        (piece.written, piece.said) for piece in pieces
    ]


def test_the_authors_glossary_comes_first() -> None:
    """Whatever its capitals, but not inside another word."""
    glossary = {"nginx": "engine ex", "IBM": "big blue", "5 km": "a short walk"}

    said = said_of(read_aloud("Nginx at IBM is 5 km off, nginxes no.", "en", glossary))

    assert said == "engine ex at big blue is a short walk off, nginxes no."


def test_brackets_of_the_author_never_reach_the_engine_as_its_own() -> None:
    """espeak-ng would take [[...]] for phoneme names."""
    assert said_of(read_aloud("A [[b]] c")) == "A [b] c"
