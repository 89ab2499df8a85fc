"""dlt's typed JSON: a character of the private use area in front of a text says which type it has."""

import base64
import binascii
import datetime
import decimal
import sys
import uuid

DECIMAL, DATETIME, DATE, UUID, HEX, BASE64, WEI, TIME, TEXT = (chr(0xF026 + n) for n in range(9))
MARKS = frozenset((DECIMAL, DATETIME, DATE, UUID, HEX, BASE64, WEI, TIME, TEXT))
# How the texts that begin with a mark, and a few others, look in JSON.
MARKED = '"\uf026'.encode()[:3]
# Looked for first: a single byte is found, or not, in a fraction of the time.
MARKED_BYTE = MARKED[1:2]


def decoded(value):
    """Typed texts as values, for state and arguments. What cannot be read stays a text, as in dlt."""
    if isinstance(value, dict):
        return {key: decoded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [decoded(inner) for inner in value]
    if not isinstance(value, str) or value[:1] not in MARKS:
        return value
    mark, text = value[0], value[1:]
    try:
        if mark == TEXT:
            return text
        if mark == DECIMAL:
            return decimal.Decimal(text)
        if mark == DATETIME:
            return datetime.datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
        if mark == DATE:
            return datetime.date.fromisoformat(text)
        if mark == TIME:
            return datetime.time.fromisoformat(text)
        if mark == UUID:
            return uuid.UUID(text)
        if mark == BASE64:
            return base64.b64decode(text)
        if mark == HEX:
            hexbytes = sys.modules.get("dlt.common.libs.hexbytes")
            return hexbytes.HexBytes(text) if hexbytes else binascii.unhexlify(text[2:])
        wei = sys.modules.get("dlt.common.wei")
        return wei.Wei(text) if wei else int(text)
    except (ValueError, ArithmeticError):
        return value
