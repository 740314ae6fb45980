"""Damage bytes as disks, networks and hostile senders do; the same seed gives the same damage."""

import random

_ODD = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\x00\x00", b"\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff")
_NUMBERS = (
    b"-1",
    b"0",
    b"1e400",
    b"nan",
    b"inf",
    b"true",
    b'""',
    b"[]",
    b"{}",
    b"99999999999999999999",
    b'"x"',
    b"0.5",
)


def mutate(data: bytes, seed: int) -> bytes:
    """One to eight random changes to `data`.

    Half of the changes fall into the first kilobyte, where files say what they are.

    Args:
        data: A whole file's content, not empty.
        seed: Decides every change.

    Returns:
        The changed content; it may be shorter, longer, or empty.
    """
    chance = random.Random(seed)
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        if not changed:
            break
        reach = min(len(changed), 1024) if chance.random() < 0.5 else len(changed)
        chance.choice(_CHANGES)(changed, chance.randrange(reach), chance)
    return bytes(changed)


def mutate_text(text: bytes, seed: int) -> bytes:
    """Like `mutate`, but most changes put an odd value where one stands behind `=`, so that the text still parses.

    Args:
        text: Lines of `key = value`, UTF-8.
        seed: Decides every change.

    Returns:
        The changed text.
    """
    chance = random.Random(seed)
    if chance.random() < 0.25:
        return mutate(text, seed)
    lines = text.split(b"\n")
    places = [number for number, line in enumerate(lines) if b"=" in line and not line.lstrip().startswith(b"#")]
    for _ in range(chance.choice((1, 1, 2, 3))):
        number = chance.choice(places)
        key, _, value = lines[number].partition(b"=")
        if chance.random() < 0.15:
            key = key.strip()[:-1] + b"x "
        else:
            value = b" " + chance.choice(_NUMBERS)
        lines[number] = key + b"=" + value
    return b"\n".join(lines)


def _flip(data: bytearray, place: int, chance: random.Random) -> None:
    data[place] ^= 1 << chance.randrange(8)


def _overwrite(data: bytearray, place: int, chance: random.Random) -> None:
    value = chance.choice(_ODD)
    data[place : place + len(value)] = value


def _scatter(data: bytearray, place: int, chance: random.Random) -> None:
    for _ in range(16):
        data[min(place + chance.randrange(64), len(data) - 1)] = chance.randrange(256)


def _remove(data: bytearray, place: int, chance: random.Random) -> None:
    del data[place : place + chance.randrange(1, 256)]


def _repeat(data: bytearray, place: int, chance: random.Random) -> None:
    data[place:place] = data[place : place + chance.randrange(1, 256)]


def _insert(data: bytearray, place: int, chance: random.Random) -> None:
    data[place:place] = chance.randbytes(chance.randrange(1, 64))


def _cut_off(data: bytearray, place: int, chance: random.Random) -> None:
    del data[place:]


_CHANGES = (_flip, _flip, _overwrite, _overwrite, _scatter, _remove, _repeat, _insert, _cut_off)
