# The daily command; the same without just: python3 packaging/start.py check

check:
    python3 packaging/start.py check

test *words:
    python3 packaging/start.py test {{words}}

demo *words:
    python3 packaging/start.py demo {{words}}
