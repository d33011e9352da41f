#!/usr/bin/python3
"""Prints the polynomials of math.h: minimax fits by Remez' exchange, in 200 bits (Debian: python3-mpmath).

p(r) = (e^r - 1 - r) / r^2 for |r| <= ln2 / 2, so that e^r - 1 = r + r^2 p(r).
"""
from mpmath import mp, mpf, matrix, lu_solve, exp, expm1, cos, pi, log, nstr

mp.prec = 200


def remez(f, n, a, b, weight, rounds=12):
    """The n coefficients of the polynomial with the least maximum of |f - p| weight on [a, b], and that maximum."""
    xs = [(a + b) / 2 + (b - a) / 2 * cos(pi * mpf(n - i) / n) for i in range(n + 1)]
    for _ in range(rounds):
        system = matrix(n + 1, n + 1)
        values = matrix(n + 1, 1)
        for i, x in enumerate(xs):
            for j in range(n):
                system[i, j] = x**j
            system[i, n] = (-1) ** i / weight(x)
            values[i] = f(x)
        solution = lu_solve(system, values)
        c = [solution[j] for j in range(n)]
        points = [a + (b - a) * mpf(i) / (40 * n) for i in range(40 * n + 1)]
        errors = [(f(x) - sum(c[j] * x**j for j in range(n))) * weight(x) for x in points]
        runs = [[0]]
        for i in range(1, len(points)):
            if (errors[i] > 0) == (errors[runs[-1][-1]] > 0):
                runs[-1].append(i)
            else:
                runs.append([i])
        extrema = [max(run, key=lambda i: abs(errors[i])) for run in runs]
        while len(extrema) > n + 1:
            extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
        if len(extrema) < n + 1:
            break
        xs = [points[i] for i in extrema]
    return c, max(abs(e) for e in errors)


def p(r):
    return mpf(1) / 2 + r / 6 if abs(r) < mpf(10) ** -15 else (expm1(r) - r) / (r * r)


def even(r):
    return mpf(1)


def of_exp(r):
    """Relative to e^r; a little is added for 0, where p does not matter."""
    return (r * r + mpf(10) ** -6) * exp(-r)


half = log(mpf(2)) / 2 * mpf("1.0005")
for name, n, weight, digits in (
    ("float", 6, even, 12),
    ("float, one term less, of e^r", 5, of_exp, 12),
    ("double", 11, even, 20),
):
    c, error = remez(p, n, -half, half, weight)
    print(f"p(r), {name}: error 2^{nstr(log(error, 2), 4)}")
    for j, x in enumerate(c):
        print(f"  r^{j}: {nstr(x, digits)}")
