/** Cells of the notebook that compute; Python 3.8 or later, standard library only. */

export const PY_LOAD = String.raw`import hashlib
import json
import math
from statistics import NormalDist

assert hashlib.sha256(EXPORTED.encode()).hexdigest() == SNAPSHOT, "the exported figures were changed"
report = json.loads(EXPORTED)
print(report["experiment"], "as of", report["asOf"], "with", len(report["results"]), "comparisons")`;

export const PY_DISTRIBUTIONS = String.raw`# Tails of the normal and of Student's t as logarithms, so that no p-value is lost to underflow.
NORMAL = NormalDist()


def normal_log_sf(z):
    if z < 30:
        return math.log(0.5 * math.erfc(z / math.sqrt(2)))
    r = 1 / (z * z)  # asymptotic series of Mills' ratio
    series = 1 - r * (1 - 3 * r * (1 - 5 * r * (1 - 7 * r * (1 - 9 * r))))
    return -0.5 * z * z - math.log(z * math.sqrt(2 * math.pi)) + math.log(series)


def log_beta_half(a):
    """log B(a, 1/2). For large a the difference of two log gammas is taken by its series, which keeps the digits."""
    if a < 40:
        return math.lgamma(a) + math.lgamma(0.5) - math.lgamma(a + 0.5)
    series = 1 / (8 * a) - 1 / (192 * a**3) + 1 / (640 * a**5) - 17 / (14336 * a**7)
    return math.lgamma(0.5) - 0.5 * math.log(a) + series


def beta_fraction(a, b, x):
    """Continued fraction of the incomplete beta function by Lentz's method (Numerical Recipes, 6.4)."""
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    h = d
    for m in range(1, 100000):
        for step in (m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
                     -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))):
            d = 1 + step * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + step / c
            c = c if abs(c) > tiny else tiny
            h *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return h


def t_log_sf(t, df):
    """log P(T > t) for t >= 0."""
    if df > 1e6:  # Hill (1970), Algorithm 395: the normal deviate with the same tail
        a = df - 0.5
        b = 48 * a * a
        y = a * math.log1p(t * t / df)
        shift = ((((-0.4 * y - 3.3) * y - 24) * y - 85.5) / (0.8 * y * y + 100 + b) + y + 3) / b + 1
        return normal_log_sf(shift * math.sqrt(y))
    a, x, rest = df / 2, df / (df + t * t), t * t / (df + t * t)
    log_front = -a * math.log1p(t * t / df) - log_beta_half(a)
    if x < (a + 1) / (a + 2.5):
        return log_front + 0.5 * math.log(rest) - math.log(a) + math.log(beta_fraction(a, 0.5, x)) - math.log(2)
    if rest == 0:
        return -math.log(2)
    inside = math.exp(log_front + 0.5 * math.log(rest)) * beta_fraction(0.5, a, rest) / 0.5
    return math.log1p(-inside) - math.log(2)


def t_quantile(p, df):
    """t with P(T <= t) = p, for p > 1/2: Newton's method on the logarithm of the tail."""
    goal = math.log1p(-p)
    t = NORMAL.inv_cdf(p)
    t = t + (t**3 + t) / (4 * df)
    for _ in range(60):
        log_sf = t_log_sf(t, df)
        log_pdf = -0.5 * math.log(df) - log_beta_half(df / 2) - (df + 1) / 2 * math.log1p(t * t / df)
        step = (log_sf - goal) / math.exp(log_pdf - log_sf)
        t = max(t + step, t / 2)
        if abs(step) < 1e-14 * t:
            break
    return t`;

export const PY_CONTRAST = String.raw`# From moments to the contrast: n, means [y, d, x], sums of products of deviations [yy, dd, xx, yd, yx, dx].
# y is the numerator, d the denominator (1 unless a ratio), x the covariate from before the experiment (0 if none).
def linearise(m, kind):
    """One arm as a mean; a ratio by the delta method, u = (y - R d) / mean(d) (Deng, Knoblich, Lu 2018)."""
    yy, dd, xx, yd, yx, dx = m["comoment"]
    my, md, mx = m["mean"]
    if kind != "ratio":
        return {"n": m["n"], "value": my, "x": mx, "uu": yy, "ux": yx, "xx": xx}
    r = my / md
    uu = max(0, (yy - 2 * r * yd + r * r * dd) / (md * md))
    return {"n": m["n"], "value": r, "x": mx, "uu": uu, "ux": (yx - r * dx) / md, "xx": xx}


def cuped_theta(control, treatment, a, b, kind):
    """Slope on the covariate (Deng, Xu, Kohavi, Walker 2013): both arms stacked; within the arms for a ratio."""
    if kind == "ratio":
        within = a["xx"] + b["xx"]
        return (a["ux"] + b["ux"]) / within if within > 0 else 0.0
    weight = control["n"] * treatment["n"] / (control["n"] + treatment["n"])
    gap_x = treatment["mean"][2] - control["mean"][2]
    gap_y = treatment["mean"][0] - control["mean"][0]
    xx = control["comoment"][2] + treatment["comoment"][2] + gap_x * gap_x * weight
    yx = control["comoment"][4] + treatment["comoment"][4] + gap_x * gap_y * weight
    return yx / xx if xx > 0 else 0.0


def contrast(control, treatment, kind, adjusted, k=1.0):
    """Treatment minus k times control, with its standard error and what a lift needs."""
    a, b = linearise(control, kind), linearise(treatment, kind)
    theta = cuped_theta(control, treatment, a, b, kind) if adjusted else 0.0

    def unit_variance(arm):
        return max(0, arm["uu"] + theta * theta * arm["xx"] - 2 * theta * arm["ux"]) / (arm["n"] - 1)

    va, vb = k * k * unit_variance(a) / a["n"], unit_variance(b) / b["n"]
    v = va + vb
    return {
        "estimate": b["value"] - k * a["value"] - theta * (b["x"] - k * a["x"]),
        "se": math.sqrt(v),
        "df": 1 / ((va / v) ** 2 / (a["n"] - 1) + (vb / v) ** 2 / (b["n"] - 1)),
        "baseline": a["value"],
        "baseline_variance": a["uu"] / (a["n"] - 1) / a["n"],
        "covariance": -k * (a["uu"] - theta * a["ux"]) / (a["n"] - 1) / a["n"],
    }`;

export const PY_INTERVAL = String.raw`def welch(c, n, alpha):
    """Welch's t: critical value and log of the two-sided p-value."""
    return t_quantile(1 - alpha / 2, c["df"]), t_log_sf(abs(c["estimate"] / c["se"]), c["df"]) + math.log(2)


def asymptotic_cs(c, n, alpha):
    """Asymptotic confidence sequence (Waudby-Smith and others 2021), valid at every look."""
    g = TUNING / (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha)))
    z = c["estimate"] / c["se"]
    radius = math.sqrt((n + g) / n * (math.log1p(n / g) - 2 * math.log(alpha)))
    return radius, min(0.0, 0.5 * math.log1p(n / g) - z * z * n / (2 * (n + g)))


ESTIMATORS = {"welch": welch, "asymptotic-cs": asymptotic_cs}


def fieller(c, q):
    """Relative lift with the interval of Fieller (1954); None where it is unbounded."""
    d, b = c["estimate"], c["baseline"]
    g = q * q * c["baseline_variance"] / (b * b)
    if g >= 1:
        return None
    x, sd = d / b, q * c["se"] / abs(b)
    middle = x - q * q * c["covariance"] / (b * b)
    constant = (abs(x) - sd) * (abs(x) + sd)
    root = math.sqrt(max(0, middle * middle - (1 - g) * constant))
    far = middle + (-root if middle < 0 else root)
    ends = [far / (1 - g), constant / far] if far else [0.0, 0.0]
    return sorted(end * math.copysign(1, b) for end in ends)`;

export const PY_CHECK = String.raw`checked, left_out = 0, []


def same(name, mine, exported, scale):
    """Equal to 1e-9 relative to the size of what is compared: the number itself, or the error around it."""
    global checked
    size = max(abs(exported), scale)
    assert abs(mine - exported) <= 1e-9 * size, f"{name}: {mine!r} here, {exported!r} exported"
    checked += 1


def check(name, result, effect):
    control, treatment = result["moments"]["control"], result["moments"]["treatment"]
    if effect["standardError"] is None:
        return left_out.append(f"{name}: {effect['reason']}")
    c = contrast(control, treatment, result["kind"], effect["adjusted"])
    same(f"{name} difference", c["estimate"], effect["estimate"], c["se"])
    same(f"{name} standard error", c["se"], effect["standardError"], 0)
    law = ESTIMATORS.get(effect["estimator"])
    if law is None or effect["interval"] is None:
        return left_out.append(f"{name}, interval: {effect['reason'] or 'not computed in this notebook'}")
    q, log_p = law(c, control["n"] + treatment["n"], 1 - effect["interval"]["level"])
    half = q * c["se"]
    same(f"{name} lower end", c["estimate"] - half, effect["interval"]["lower"], half)
    same(f"{name} upper end", c["estimate"] + half, effect["interval"]["upper"], half)
    same(f"{name} log p", log_p, effect["evidence"]["logValue"], 1)
    if effect["relative"]["status"] != "undefined":
        same(f"{name} lift", c["estimate"] / abs(c["baseline"]), effect["relative"]["estimate"], c["se"] / abs(c["baseline"]))
        ends, shown = fieller(c, q), effect["relative"]["interval"]
        if ends is None:
            assert shown["lower"] is None and shown["upper"] is None, name
        else:
            same(f"{name} lift, lower end", ends[0], shown["lower"], ends[1] - ends[0])
            same(f"{name} lift, upper end", ends[1], shown["upper"], ends[1] - ends[0])


for result in report["results"]:
    name = f"{result['metric']} / {result['arm']}"
    if result["kind"] not in ("mean", "proportion", "ratio", "retention"):
        left_out.append(f"{name}: not computed from these moments")
        continue
    check(name, result, result["effect"])
    if result["unadjusted"] is not None:
        check(f"{name} without covariate", result, result["unadjusted"])
    guard = result["nonInferiority"]
    if guard is not None and guard["contrast"] is not None:
        worse = (-1 if result["betterWhen"] == "higher" else 1) * (-1 if result["effect"]["control"]["mean"] < 0 else 1)
        c = contrast(result["moments"]["control"], result["moments"]["treatment"], result["kind"], True, 1 + worse * guard["margin"])
        sign = 1 if result["betterWhen"] == "higher" else -1
        same(f"{name} contrast to the margin", sign * c["estimate"], guard["contrast"], c["se"])
        same(f"{name} its standard error", c["se"], guard["standardError"], 0)

print(checked, "figures reproduced to 1e-9")
for line in left_out:
    print("not recomputed:", line)`;

export const PY_TABLE = String.raw`def percent(value):
    return "-" if value is None else f"{100 * value:+.2f} %"


for result in report["results"]:
    lift = result["effect"]["relative"]
    ends = lift["interval"] or {"lower": None, "upper": None}
    print(f"{result['title'][:32]:34}{result['arm'][:20]:22}{percent(lift['estimate']):>10}"
          f"   [{percent(ends['lower'])}, {percent(ends['upper'])}]   n {result['matured']}")`;

export const PY_PLOT = String.raw`try:
    import matplotlib.pyplot as plt
except ImportError:
    plt = None
    print("matplotlib is not installed; the table above has the same figures")

if plt is not None:
    shown = [r for r in report["results"] if r["effect"]["relative"]["status"] == "ok"]
    figure, axes = plt.subplots(figsize=(8, 0.4 * len(shown) + 1.2))
    for i, r in enumerate(reversed(shown)):
        lift = r["effect"]["relative"]
        axes.plot([100 * lift["interval"]["lower"], 100 * lift["interval"]["upper"]], [i, i], color="#0072B2")
        axes.plot(100 * lift["estimate"], i, "o", color="#0072B2")
    axes.axvline(0, color="#5B6470", linestyle="--")
    axes.set_yticks(range(len(shown)), [f"{r['title']} ({r['arm']})" for r in reversed(shown)])
    axes.set_xlabel("lift, percent")
    figure.tight_layout()
    plt.show()`;
