#!/usr/bin/python3
"""Prints the polynomials of math.h and math_family.h: minimax fits by Remez' exchange, in 200 bits (Debian: python3-mpmath).

p(r) = (e^r - 1 - r) / r^2 for |r| <= ln2 / 2, so that e^r - 1 = r + r^2 p(r).
"""
from mpmath import mp, mpf, matrix, lu_solve, exp, expm1, cos, pi, log, nstr, sqrt, erf, erfc

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


def report(name, n, fit):
    c, error = fit
    print(f"{name}: error 2^{nstr(log(error, 2), 4)}")
    for j, x in enumerate(c):
        print(f"  ^{j}: {nstr(x, 9 if n < 12 else 20)}  {float(x).hex()}")


def log_r(z):
    """(ln((1 + s) / (1 - s)) - 2 s) / s^3, z = s^2"""
    return mpf(2) / 3 + z * 2 / 5 if z < mpf(10) ** -12 else (log((1 + sqrt(z)) / (1 - sqrt(z))) / sqrt(z) - 2) / z


def erf_p(z):
    """erf(x) / x - 1, z = x^2"""
    return 2 / sqrt(pi) - 1 if z < mpf(10) ** -15 else erf(sqrt(z)) / sqrt(z) - 1


def gelu_s(k):
    """S(u) of e^(-a^2/2) t S(t - 1/2) = erfc(a / sqrt 2) / 2, t = k / (a + k)"""
    def s(u):
        t = u + mpf(1) / 2
        a = k / t - k
        return erfc(a / sqrt(mpf(2))) / 2 * exp(a * a / 2) / t
    return s


for n in (3, 8):
    report("LOG_R", n, remez(log_r, n, mpf(0), mpf("0.0405"), weight=lambda z: z / 2 + mpf(10) ** -9))
for n in (7, 13):
    report("ERF_P", n, remez(erf_p, n, mpf(10) ** -20, mpf(1), weight=lambda z: 1 / (1 + erf_p(z))))
for n, most in ((7, 4), (19, 6)):
    report("ERFC_G", n, remez(lambda a: log(erfc(a)), n, mpf("0.999"), mpf(most), weight=lambda a: erfc(a) / erf(a)))
for n, k, most in ((11, 3, "14.8"), (24, 4, "38.8")):
    s = gelu_s(mpf(k))
    report("GELU_S", n, remez(s, n, k / (mpf(most) + k) - mpf(1) / 2, mpf(1) / 2, weight=lambda u: 1 / s(u)))
