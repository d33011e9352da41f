#!/usr/bin/python3
"""Prints the tables of math_table.h: piecewise minimax fits by Lawson's weights, in 140 bits (Debian: python3-mpmath).

On each interval F(x) = p0 + r (p1 + r (p2 + ...)), r = x - c, where c is a float whose F(c) is within 2^-8 units of the
float p0; on the first, F(x) = x + x (p1 + x (p2 + ...)). A coefficient is rounded before those after it are fitted.
"""
import struct

from mpmath import mp, mpf, matrix, lu_solve, atanh, cos, erf, erfinv, exp, floor, fsum, log, nint, nstr, pi, tanh

mp.prec = 140
N_COEFFICIENTS = 6


def fit(f, n, first, a, b, weight, rounds):
    """The n coefficients of x^first and on with the least maximum of |f - p| weight on [a, b]."""
    m = 50
    xs = [(a + b) / 2 + (b - a) / 2 * cos(pi * (i + mpf(1) / 2) / m) for i in range(m)]
    rows = [[x ** (first + j) * weight(x) for j in range(n)] for x in xs]
    goal = [f(x) * weight(x) for x in xs]
    share = [mpf(1) / m] * m
    best, least = None, None
    for _ in range(rounds):
        normal, right = matrix(n, n), matrix(n, 1)
        for i in range(m):
            for j in range(n):
                right[j] += rows[i][j] * share[i] * goal[i]
                for k in range(n):
                    normal[j, k] += rows[i][j] * share[i] * rows[i][k]
        c = lu_solve(normal, right)
        errors = [abs(goal[i] - fsum(rows[i][j] * c[j] for j in range(n))) for i in range(m)]
        if least is None or max(errors) < least:
            best, least = [c[j] for j in range(n)], max(errors)
        total = fsum(s * e for s, e in zip(share, errors))
        share = [s * e / total for s, e in zip(share, errors)]
    return best


def unit(x):
    return mpf(2) ** (int(floor(log(abs(x), 2))) - 23)


def rounded(x):
    return nint(x / unit(x)) * unit(x)


def bits(x):
    return struct.unpack("<I", struct.pack("<f", float(x)))[0]


def shown(x):
    if x == 0:
        return "0"
    digits, exponent = float(x).hex().split("p")
    return digits.rstrip("0").rstrip(".") + "p" + exponent + "f"


def centre(f, inverse, left, right):
    """A float near the place where r is the least share of both ends, and f of it."""
    want = 2 * left * right / (left + right) if left < 1 else (left + right) / 2
    near, best = rounded(f(want)), None
    for k in range(-300, 301):
        value = near + k * unit(near)
        c = rounded(inverse(value)) if 0 < value < 1 else mpf(0)
        if not left <= c <= right or (left < 6 and abs(c - want) > (right - left) * mpf("0.06")):
            continue
        cost = abs(f(c) - value) / unit(value) + abs(c - want) / (right - left) / 1000
        if best is None or cost < best[0]:
            best = (cost, c, value)
    return best[1:]


def piece(f, inverse, left, right):
    """The column c, p0, p1, ... of an interval, and its largest relative error."""
    c, p0 = centre(f, inverse, left, right) if left else (mpf(0), mpf(0))
    low, high = (left - c if left else mpf("1e-9")), right - c

    def rest(r):
        return f(c + r) - (p0 if left else r) - fsum(p * r ** (1 + j) for j, p in enumerate(known))

    known = []
    for j in range(N_COEFFICIENTS):
        found = fit(rest, N_COEFFICIENTS - j, 1 + j, low, high, lambda r: 1 / f(c + r), 12 if j else 25)
        known.append(rounded(found[0]))
    points = [low + (high - low) * k / 200 for k in range(201)]
    return [c, p0] + known, max(abs(rest(r) / f(c + r)) for r in points)


def table(name, f, inverse, most, offset, bits_of_fraction):
    """Intervals have the same first bits of x + offset; the last four are the place in the table."""
    rows = [[mpf(0)] * 16 for _ in range(N_COEFFICIENTS + 2)]
    worst, at = mpf(0), mpf(offset)
    while at - offset < most:
        width = mpf(2) ** (floor(log(at, 2)) - bits_of_fraction)
        after = (floor(at / width) + 1) * width
        place = bits(at) >> (23 - bits_of_fraction) & 15
        column, error = piece(f, inverse, at - offset, min(after - offset, most))
        worst, at = max(worst, error), after
        for row, x in zip(rows, column):
            row[place] = x
    print(f"{name}: error 2^{nstr(log(worst, 2), 4)}")
    for row in rows:
        print("  {" + ", ".join(shown(x) for x in row) + "},")


table("TANH_TABLE", tanh, atanh, mpf("9.02"), mpf("0.75"), 2)
table("ERF_TABLE", erf, erfinv, mpf("3.93"), mpf(2), 3)

powers = [mpf(2) ** (mpf(j) / 16) for j in range(16)]
print("EXP_BITS, the bits of 2^(j/16) less those of 1 and j << 19:")
print("  " + ", ".join("0x%08x" % ((bits(p) - bits(1) - (j << 19)) & 0xFFFFFFFF) for j, p in enumerate(powers)))
print("EXP_LO, what they lack, relative:")
print("  " + ", ".join(shown(rounded(p / rounded(p) - 1)) if j else "0" for j, p in enumerate(powers)))
half = log(mpf(2)) / 32 * mpf("1.001")
p = fit(lambda r: exp(r) - 1 - r, 2, 2, -half, half, lambda r: exp(-r), 25)
error = max(abs(exp(r) - 1 - r - p[0] * r**2 - p[1] * r**3) for r in (half * k / 100 for k in range(-100, 101)))
print(f"e^r = 1 + r + {shown(rounded(p[0]))} r^2 + {shown(rounded(p[1]))} r^3: error 2^{nstr(log(error, 2), 4)}")
