"""Random values of rows: what keys hold in real files, and what breaks programs."""

WORDS = ["x", "Ada", "west", "é😀\"\\\n", "12", " 7 ", "1.5", "1e3", "yes", "no", "true", "null", "nan", "", "0x1F", "{\"k\": 1}", "[1, 2]", "aGk=", "10:20:30", "a b", "O'Brien", "-", "\ttab", "007", "+5", "1_000", "25.0"]
MOMENTS = ["2024-01-01T10", "2024-01-01T10:00:00Z", "2024-01-01T10:00:00.123456Z", "2024-01-01 12:30:00", "2024-01-01T10:00:00+02", "2023-12-31T23:59:59.5-05:00", "1969-07-20T20:17:40Z", "2024-W09-5T10:00", "20240506T070809Z"]
DATES = ["2024-01-01", "2024-02-29", "2024/03/01", "2024-001", "2024"]
INTEGERS = [0, 1, 2, 3, -3, 5, 7, 42, 255, 65536, 1709288430, 2147483648, 9007199254740993, 123456789012345678, 9223372036854775807, -9223372036854775808]
HUGE = [9223372036854775808, 18446744073709551615, 18446744073709551616, -9223372036854775809, 10**30]
FLOATS = [0.0, 1.0, -0.0, 0.1, 1.5, 2.5, -3.25, 1e16, 1e-7, 1e22, 123456.789, 12345678901234567890.5, 1.7976931348623157e308, 5e-324]
KEYS = ["name", "kind", "value", "ts", "meta", "tags", "list", "kids", "a", "b", "c", "x", "at", "amount", "Order ID", "userID", "Total Price €", "a__b", "1st", "Naïve", "select", "x_", "-", "_x", "HTTPServer", "a.b"]
ODD_KEYS = ["", " ", "日本", "A", "Value", "aB", "a b", "_dlt_load_id", "_dlt_id", "k" * 70, "value__v_text"]
KINDS = ["integer", "float", "text", "moment", "date", "bool", "object", "list", "any", "null"]


def integer(r):
    if r.random() < 0.02:
        return r.choice(HUGE)
    return r.choice(INTEGERS) if r.random() < 0.7 else r.randrange(-1000, 1000)


def decimal_text(r):
    return f"{r.randrange(-10**6, 10**6)}.{r.randrange(100):02}"


def of_kind(r, kind, keys, depth):
    """A value of a kind; lists and objects end where `depth` does."""
    if kind in ("object", "list", "any") and depth <= 0:
        kind = r.choice(["integer", "text", "bool"])
    if kind == "any":
        kind = r.choices(KINDS, [4, 3, 5, 3, 1, 2, 3, 3, 0, 1])[0]
    match kind:
        case "integer":
            return integer(r)
        case "float":
            return r.choice(FLOATS) if r.random() < 0.6 else round(r.uniform(-100, 100), r.randrange(4))
        case "text":
            return decimal_text(r) if r.random() < 0.1 else r.choice(WORDS)
        case "moment":
            return r.choice(MOMENTS)
        case "date":
            return r.choice(DATES)
        case "bool":
            return r.random() < 0.5
        case "null":
            return None
        case "object":
            size = r.choices([0, 1, 2, 3], [1, 5, 4, 2])[0]
            return {r.choice(keys): of_kind(r, "any", keys, depth - 1) for _ in range(size)}
        case "list":
            inner = r.choice(["integer", "text", "object", "object", "any", "list"])
            return [of_kind(r, inner, keys, depth - 1) for _ in range(r.choices([0, 1, 2, 3], [1, 4, 4, 2])[0])]
    raise ValueError(kind)


class Shape:
    """The keys of a resource's rows and what each of them usually holds."""

    def __init__(self, r):
        self.keys = r.sample(KEYS, r.randrange(1, 6))
        if r.random() < 0.2:
            self.keys.append(r.choice(ODD_KEYS))
        self.kinds = {key: r.choices(KINDS, [5, 4, 5, 3, 1, 2, 5, 5, 3, 1])[0] for key in self.keys}
        # The share of values of another kind than usual: none in half of the cases.
        self.noise = r.choice([0, 0, 0.1, 0.4])

    def row(self, r):
        out = {}
        for key in self.keys:
            if r.random() < 0.2:
                continue
            kind = "any" if r.random() < self.noise else self.kinds[key]
            value = None if r.random() < 0.08 else of_kind(r, kind, self.keys, 3)
            if key != "_dlt_id" or r.random() < 0.2:
                out[key] = f"own-{r.randrange(10**9)}" if key == "_dlt_id" else value
        if r.random() < 0.3:
            items = list(out.items())
            r.shuffle(items)
            out = dict(items)
        return out
