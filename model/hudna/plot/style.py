"""Colours that most eyes tell apart, and that differ in grey; words that axes need, in both languages."""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypeAlias

import numpy as np

from hudna.arrays import FloatArray
from hudna.case.grammar import Text
from hudna.text import numbers
from hudna.text.numbers import MONTHS, RIGHT_TO_LEFT
from hudna.text.runs import origin, size
from hudna.text.words import Language, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hudna.result import Result

__all__ = [
    "COLOURS", "HATCHED", "LINES", "MARKERS", "STATE_HATCHES", "Said", "above", "beside", "colour_of",
    "counts_axis", "frame", "headed", "legend", "margin", "months", "new_axes", "note", "panels", "percent",
    "pinned", "ran", "reading", "room_of", "said", "shades", "title", "width_of", "word", "wrapped",
]  # fmt: skip

P = ParamSpec("P")
Said: TypeAlias = Text | Mapping[str, str] | str  # what a reader sees: `{"en": ..., "ar": ...}`

# Blue, vermilion, bluish green, ...: after Okabe & Ito (2008), ordered so that neighbours differ in grey.
COLOURS = ("#0072B2", "#E69F00", "#117A5B", "#CC79A7", "#000000", "#56B4E9", "#D55E00")
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (3, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
# Colour, colour of the hatch and the hatch: areas that differ in grey and in a copy of a copy.
HATCHED = (
    ("#0072B2", "white", None),
    ("#E69F00", "#7a5200", "////"),
    ("#117A5B", "white", "...."),
    ("#CC79A7", "#5c1f41", "\\\\\\\\"),
    ("#56B4E9", "#0b4a6b", "xxxx"),
)
STATE_HATCHES = (None, "....", "////", "\\\\\\\\", "xxxx", "----", "||||")
SHADES = ("#EEF3F7", "#A9CBE2", "#E9A03B", "#8C2D1E")  # light to dark: calm to grave

_WORDS = {
    "share of paths": ("share of paths", "نسبة المسارات"),
    "share of draws": ("share of draws", "نسبة العينات"),
    "band": ("90 % of paths", "90٪ من المسارات"),
    "half band": ("50 % of paths", "50٪ من المسارات"),
    "band of draws": ("90 % of draws", "90٪ من العينات"),
    "all draws": ("all draws", "كل العينات"),
    "weeks": ("weeks", "أسابيع"),
    "other policies": ("other policies", "السياسات الأخرى"),
    "never": ("never", "لم يحدث"),
    "beyond": ("lie beyond the axis", "خارج المحور"),
    "every policy": ("the same under every policy", "من دون فرق بين السياسات"),
    "equal": ("equal", "متساو"),
    "over draws": (
        "dot: probability; bar: its 90 % over draws; black line: 90 % Monte Carlo error",
        "النقطة: الاحتمال؛ الشريط: 90٪ من العينات؛ الخط الأسود: 90٪ لخطأ المحاكاة",
    ),
    "ridge": (
        "height: share of paths; coloured bar: 90 % of paths, dot: median; black line: mean in 90 % of draws, "
        "diamond: mean of all",
        "الارتفاع: نسبة المسارات؛ الشريط الملون: 90٪ من المسارات والنقطة: الوسيط؛ الخط الأسود: المتوسط في 90٪ من "
        "العينات والمعين: متوسط الكل",
    ),
    "ridges of times": (
        "height: share of paths in which it comes; bar: 90 % of all paths, dot: median, where it comes in so many",
        "الارتفاع: نسبة المسارات التي يحدث فيها؛ الشريط: 90٪ من كل المسارات والنقطة: الوسيط، إن حدث في هذا القدر منها",
    ),
    "difference marks": (
        "diamond: mean; black line: mean in 90 % of draws",
        "المعين: المتوسط؛ الخط الأسود: المتوسط في 90٪ من العينات",
    ),
    "paths said": ("of paired paths:", "من المسارات المتناظرة:"),
    "draws said": ("mean lower in {} of draws", "المتوسط أقل في {} من العينات"),
    "share below": ("share of paths at or below", "نسبة المسارات التي لا تتجاوز القيمة"),
    "no noise": ("noise of paths taken out of the bands", "استبعدت ضوضاء المسارات من الأشرطة"),
    "still waiting": ("share of paths in which it has not come", "نسبة المسارات التي لم يحدث فيها بعد"),
    "weeks after start": ("weeks from {}", "الأسابيع منذ {}"),
    "censored": (
        "nothing is known beyond week {}, where waiting ends",
        "لا يعرف شيء بعد الأسبوع {}، حيث تنتهي مدة الانتظار",
    ),
    "drivers note": (
        "line: median, or mean of a count; band: 90 % of paths",
        "الخط: الوسيط، أو متوسط العدد؛ الشريط: 90٪ من المسارات",
    ),
    "drivers": (
        "what moves: what is decided, and what nobody chooses",
        "المحركات: ما تقرره السياسات، وما لا يختاره أحد",
    ),
    "priors": ("what is believed of the parameters, and why", "ما يعتقد بشأن المعاملات، وأسبابه"),
    "priors axis": (
        "each on its own scale; a thick line marks 0 where it is in sight",
        "لكل معامل مقياسه؛ يدل الخط السميك على الصفر حيث يظهر",
    ),
    "priors values": ("median (5 % … 95 %); source", "الوسيط (5٪ … 95٪)؛ المصدر"),
    "priors note": (
        "bar: 90 %; dark: 50 %; stroke: median",
        "الشريط: 90٪؛ الداكن: 50٪؛ الخط القائم: الوسيط",
    ),
    "priors size": ("{} of {} parameters", "عدد المعاملات: {} من {}"),
    "of": ("of", "من"),
    "ahead": (", {} ahead", " خلال {}"),
    "horizons": ("windows of {}", "نوافذ مدتها {}"),
    "overlap": ("windows overlap: not independent", "النوافذ متداخلة وليست مستقلة"),
    "few": ("so few that a bar may miss the line by chance", "العدد قليل: قد يبتعد العمود عن الخط مصادفة"),
    "left out": ("“at least” left out: {}", "لم يدرج ما سجل بوصفه حدا أدنى: {}"),
    "pit": ("where the count fell in its forecast (PIT)", "موضع العدد من توزيع التوقع (PIT)"),
    "pit axis": ("forecast probability of a lower count", "احتمال التوقع لعدد أقل مما حدث"),
    "pit count": ("forecasts in each bin", "عدد التوقعات في كل خانة"),
    "uniform": ("if forecasts are right", "لو صحت التوقعات"),
    "fewer came": ("← fewer came than forecast", "حدث أقل من المتوقع ←"),
    "more came": ("more came than forecast →", "→ حدث أكثر من المتوقع"),
    "reliability": ("probabilities and what happened", "الاحتمالات وما حدث"),
    "probability": ("probability", "الاحتمال"),
    "forecast probability": ("forecast probability", "الاحتمال المتوقع"),
    "share that happened": ("share that happened", "نسبة ما حدث"),
    "happened": ("happened", "حدث"),
    "did not": ("did not", "لم يحدث"),
    "at least": ("at least {}", "{} على الأقل"),
    "mean probability": ("mean forecast", "متوسط التوقع"),
    "as forecast": ("as forecast", "مطابق للتوقع"),
    "bin numbers": (
        "thick: share in a fifth of the axis, with its number of forecasts",
        "الخط العريض: النسبة في كل خمس من المحور مع عدد التوقعات فيه",
    ),
    "coverage": ("outcomes inside the intervals", "ما وقع ضمن المجالات"),
    "share inside": ("share inside", "النسبة ضمن المجال"),
    "interval": ("{} interval", "مجال {}"),
    "horizon": ("length of the window", "مدة النافذة"),
    "coverage note": (
        "bar: 90 %, block bootstrap; broken line: nominal; whole counts let honest intervals hold more",
        "الشريط: 90٪ بإعادة المعاينة في كتل؛ المتقطع: النسبة الاسمية؛ ولأن الأعداد صحيحة يضم المجال السليم أكثر منها",
    ),
    "outcomes": ("forecast and outcome", "التوقع وما حدث"),
    "origin": ("origin of the forecast (first day of the window)", "تاريخ التوقع (أول أيام النافذة)"),
    "in window": ("{} in {}", "{} خلال {}"),
    "counted": ("counted", "العدد المسجل"),
    "counted about": ("counted, about", "العدد المسجل تقريبا"),
    "counted at least": ("counted, at least", "العدد المسجل على الأقل"),
    "log scale": ("scale: log(1 + count)", "المقياس: لوغاريتم (1 + العدد)"),
    "skill title": ("skill", "المهارة"),
    "forecast better": ("the forecast was better", "التوقع أفضل"),
    "baseline better": ("the baseline was better", "خط الأساس أفضل"),
    "nothing known": ("nothing to compare", "لا مقارنة"),
    "skill note": (
        "stem: CRPS of baseline less forecast, in {}, square-root scale",
        "الساق: CRPS لخط الأساس ناقص CRPS للتوقع، بوحدة: {}، مقياس جذري",
    ),
    "skill mean": ("mean, its 90 %;\nskill", "المتوسط ومجال 90٪؛\nالمهارة"),
    "skill bars": ("intervals: bootstrap, blocks of {}", "المجالات: إعادة المعاينة في كتل من {}"),
    "no interval": ("no interval from fewer than 3 blocks", "لا مجال من أقل من 3 كتل"),
    "learned": ("what was learned of the parameters", "ما أفادته المشاهدات عن المعاملات"),
    "prior axis": ("place in the prior (share of the prior below)", "الموضع من التوزيع القبلي (النسبة التي دونه)"),
    "values": (
        "above: prior, below: posterior\nmedian (5 % … 95 %)",
        "الأعلى: القبلي، الأسفل: البعدي\nالوسيط (5٪ … 95٪)",
    ),
    "learned note": ("bar: 90 %; mark: median", "الشريط: 90٪؛ العلامة: الوسيط"),
    "predictive": ("what the learned model brings forth, and what was counted", "ما ينتجه النموذج بعد التعلم، وما سجل"),
    "band of": ("{} of simulated counts", "{} من الأعداد المحاكاة"),
    "counted inside": ("counted inside {}: {} of {}", "المسجل ضمن {}: {} من {}"),
    "none counted": ("nothing counted", "لا عدد مسجل"),
    "states": ("how likely each state was held to be", "احتمال كل حالة بحسب المشاهدات"),
    "ranks": ("ranks of the truth among draws", "رتبة القيمة الحقيقية بين العينات"),
    "rank axis": ("rank of the truth, as a share of the draws", "رتبة القيمة الحقيقية نسبة إلى عدد العينات"),
    "rank count": ("share of ranks below, less the uniform", "نسبة الرتب الأدنى ناقص التوزيع المنتظم"),
    "rank band": ("95 % band", "شريط 95٪"),
    "rank note": ("ranks from 0 to {}", "رتب من 0 إلى {}"),
    "rank inside": (
        "if all is right, 95 % of lines stay inside the band all along",
        "لو صح كل شيء لبقي 95٪ من الخطوط ضمن الشريط على طولها",
    ),
}
_words = Words(_WORDS)
_MOST_MONTHS = 7  # on an axis
_MONTH = {"en": 0.5, "ar": 0.85}  # inches a name, with room: Arabic names are long
_LETTERS = 10.9  # of a title, in an inch
_TICKS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


def word(key: str, lang: Language) -> str:
    """Return a word of the pictures' own."""
    return _signed(_words(key, lang))


def _signed(text: str) -> str:
    """Keep an Arabic percent sign to the left of its number, wherever in a line it stands, by a mark without width."""
    return text.replace("٪", f"{RIGHT_TO_LEFT}٪")


def said(text: Said, lang: Language) -> str:
    """Return what a reader of the language sees, in English where there is no other."""
    if isinstance(text, str):
        return text
    return (text if isinstance(text, Text) else Text.model_validate(dict(text))).get(lang)


def percent(share: float, lang: Language, decimals: int = 0) -> str:
    """Return a share as a percentage."""
    return _signed(numbers.percent(f"{100 * share:.{decimals}f}", lang))


def colour_of(result: Result, policy: str) -> tuple[str, Any]:
    """Return the colour and the line style of a policy, the same in every picture of a result."""
    place = result.policies.index(policy)
    return COLOURS[place % len(COLOURS)], LINES[place % len(LINES)]


def shades(n: int) -> list[str]:
    """Return n shades from light to dark, for states in the order of their value."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    ramp = LinearSegmentedColormap.from_list("grave", SHADES)
    return [to_hex(ramp(i / max(n - 1, 1))) for i in range(n)]


def pinned(draw: Callable[P, Axes]) -> Callable[P, Axes]:
    """Return a drawing function whose pictures are the same whatever a user's matplotlibrc says."""

    @wraps(draw)
    def drawn(*given: P.args, **options: P.kwargs) -> Axes:
        import matplotlib.style

        with matplotlib.style.context(["default", {"font.family": "DejaVu Sans"}]):
            ax = draw(*given, **options)
            for one in (ax, *ax.child_axes):  # ticks come into being, and are counted out, later on
                for axis in (one.xaxis, one.yaxis) if one.axison else ():
                    for label in axis.get_majorticklabels()[:1]:
                        axis.set_tick_params(labelsize=label.get_fontsize())
        return ax

    return drawn


def new_axes(ax: Axes | None, height: float = 4.2, width: float = 7.2) -> Axes:
    """Return `ax`, or the axes of a new figure, so many inches high and wide.

    A figure of a grid of axes that nothing lays out gets a layout that leaves room for titles and captions.
    """
    if ax is not None:
        figure = ax.get_figure(root=True)
        if figure is not None and ax.get_subplotspec() is not None and figure.get_layout_engine() is None:
            figure.set_layout_engine("constrained")
        return ax
    import matplotlib.pyplot as plt

    _, made = plt.subplots(figsize=(width, height), layout="constrained")
    return made


def panels(ax: Axes, n: int, lang: Language, *, gap: float = 0.06) -> list[Axes]:
    """Return n axes side by side inside `ax`, in the order of reading; `ax` itself if there is but one.

    `ax` then is only their frame: it keeps the title, whose last line is left empty for titles of the panels. Numbers
    of the vertical axis stand at the leftmost panel.
    """
    if n == 1:
        return [ax]
    ax.set_axis_off()
    width = (1 - gap * (n - 1)) / n
    made = [ax.inset_axes((i * (width + gap), 0, width, 1)) for i in range(n)]
    for panel in made[1:]:
        panel.tick_params(labelleft=False)
    return made[::-1] if lang == "ar" else made


def width_of(ax: Axes) -> float:
    """Return about how wide axes are, in inches."""
    figure = ax.get_figure(root=True)
    locator: Any = ax.get_axes_locator()
    place = ax.get_position() if locator is None else locator(ax, None)
    return float(place.width * (7.2 if figure is None else figure.get_figwidth()))


def room_of(ax: Axes) -> float:
    """Return how wide the place of axes in the grid of their figure is, in inches: the figure's width if alone."""
    figure, spec = ax.get_figure(), ax.get_subplotspec()
    if figure is None or spec is None:
        return width_of(ax)
    whole = figure.subplotpars
    inches = figure.bbox.width / figure.get_figure(root=True).dpi
    return float(inches * spec.get_position(figure).width / (whole.right - whole.left))  # type: ignore[arg-type]


def months(ax: Axes, lang: Language, days: FloatArray | None = None) -> None:
    """Label the time axis, as wide as it is now, with first days of months and their years.

    If the axis is too short to show two months, the first of `days`, counted from 1970, is labelled instead, the left
    end if they are left out.
    """
    first, last = (np.datetime64("1970-01-01") + np.timedelta64(round(float(end)), "D") for end in ax.get_xlim())
    begin, stop = (int(day.astype("datetime64[M]").astype(int)) for day in (first, last))
    shown = range(begin + 1, stop + 1)
    most = max(2, min(_MOST_MONTHS, int(width_of(ax) / _MONTH[lang])))
    step = next((k for k in (1, 2, 3, 6) if len(shown) <= k * most), 12 * -(-len(shown) // (12 * most)))
    names = MONTHS[lang] if lang == "ar" else [name[:3] for name in MONTHS[lang]]
    if len(shown) < 2:
        place = float(ax.get_xlim()[0] if days is None else days.min())
        day = (np.datetime64("1970-01-01") + np.timedelta64(round(place), "D")).astype(dt.date)
        ax.set_xticks([place], [f"{day.day} {names[day.month - 1]}\n{day.year}"])
        return
    ticks = [month for month in shown if month % step == 0]  # from January on
    labels = []
    for place, month in enumerate(ticks):
        year = str(1970 + month // 12)
        alone = year if step >= 12 else names[month % 12]
        below = year if not place or month % 12 == 0 else ""  # all of two lines, so that they are level
        labels.append(alone if step >= 12 else f"{alone}\n{below}")
    ax.set_xticks([np.datetime64(month, "M").astype("datetime64[D]").astype(float) for month in ticks], labels)


def title(ax: Axes, text: str, lang: Language, room: float = 1.0) -> None:
    """Set a title where a reader of the language begins to read.

    A line that is longer than the share `room` of what the axes have is broken, after a colon if it has one.
    """
    letters = int(_LETTERS * room * room_of(ax))
    lines: list[str] = []
    for line in text.split("\n"):
        parts = [line] if len(line) <= letters else line.replace(": ", ":\n", 1).split("\n")
        lines += [piece for part in parts for piece in textwrap.wrap(part, letters) or [""]]
    ax.set_title("\n".join(lines), loc=reading(lang), fontsize=11)


def legend(ax: Axes, lang: Language, **how: Any) -> None:
    """Add a legend that is read from the side where the language begins; `order` of its entries if not as drawn."""
    handles, labels = ax.get_legend_handles_labels()
    order = how.pop("order", range(len(handles)))
    handles, labels = [handles[i] for i in order], [labels[i] for i in order]
    if lang == "ar" and how.get("ncols", 1) > 1:
        handles, labels = handles[::-1], labels[::-1]
    ax.legend(handles, labels, frameon=False, fontsize=9, alignment=reading(lang),
              markerfirst=lang != "ar", **how)  # fmt: skip


def beside(ax: Axes, lang: Language, **how: Any) -> None:
    """Add a legend to the right of the axes."""
    legend(ax, lang, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0, **how)


def above(ax: Axes, lang: Language, room: float = 1.0) -> str:
    """Add a legend between the axes and their title: in a line if the share `room` of what they have holds it.

    Returns the empty lines that the title ends with.
    """
    labels = ax.get_legend_handles_labels()[1]
    n = len(labels) if sum(len(label) + 6 for label in labels) <= 13 * room * room_of(ax) else 1
    place = (1.0 if lang == "ar" else 0.0, 1.0)
    legend(ax, lang, loc=f"lower {reading(lang)}", bbox_to_anchor=place, borderaxespad=0.2, ncols=n, columnspacing=1.4)
    return "\n" * -(-len(labels) // max(n, 1))


def margin(
    ax: Axes, y: float, text: str, lang: Language, *, begins: bool = False, by: float = 8, up: float = 0, **how: Any
) -> None:
    """Write beside a row of the axes, so many points away and above it: where reading ends or, if asked, begins."""
    right = begins == (lang == "ar")
    side = "left" if right else "right"
    how = {"va": "center", "ha": side, "multialignment": side, "annotation_clip": False, **how}
    if text:
        ax.annotate(text, (float(right), y), xycoords=("axes fraction", "data"), xytext=(by if right else -by, up),
                    textcoords="offset points", **how)  # fmt: skip


def headed(name: Said | None, text: str, lang: Language) -> str:
    """Return a title of a name and a text.

    In Arabic the name ends it, for it may be in English only.
    """
    if name is None:
        return text[:1].upper() + text[1:]
    parts = (text, said(name, lang)) if lang == "ar" else (said(name, lang), text)
    return ": ".join(parts)


def counts_axis(ax: Axes, top: float) -> None:
    """Make the vertical axis one of counts, from 0 to `top`, on which 0 and 100 both read: log(1 + count)."""
    ax.set_yscale("function", functions=(_stretched, _shrunk))
    end = max(1.0, top) * 1.15
    ticks = [tick for tick in (_TICKS if end >= 8 else range(8)) if tick <= end]
    ax.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.set_yticks([], minor=True)
    ax.set_ylim(-0.12, end)  # a mark at 0 is whole


def _stretched(y: FloatArray) -> FloatArray:
    return np.sign(y) * np.log1p(np.abs(y))


def _shrunk(y: FloatArray) -> FloatArray:
    return np.sign(y) * np.expm1(np.abs(y))


def reading(lang: Language) -> Literal["left", "right"]:
    """Return the side where a reader of the language begins."""
    return "right" if lang == "ar" else "left"


def frame(
    ax: Axes,
    lang: Language,
    heading: str,
    *notes: str,
    x: str = "",
    y: str = "",
    bare: Sequence[str] = ("top", "right"),
    key: Callable[[Axes, Language], str | None] | None = None,
    room: float = 1.0,
    heading_room: float = 1.0,
) -> Axes:
    """Put around a drawing what every picture has, from the side where a reader of the language begins; return it.

    Parameters
    ----------
    ax : matplotlib Axes
    lang : {"en", "ar"}
    heading : str
    *notes : str
        Parts of the caption; there is no caption if left out.
    x, y : str
        Names of the axes.
    bare : sequence of str
        Sides without a line. Where the left one has none, names of rows stand where reading begins.
    key : function of axes and language, optional
        Adds the legend, such as `beside` or `above`; returns the empty lines that the heading then ends with.
    room, heading_room : float
        Share of the width of the axes' place that the caption and the heading have.
    """
    ax.spines[list(bare)].set_visible(False)
    if "left" in bare and lang == "ar":
        ax.yaxis.tick_right()
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    lines = key(ax, lang) if key else None
    title(ax, heading + (lines or ""), lang, heading_room)
    if notes:
        note(ax, lang, *notes, room=room)
    return ax


def note(ax: Axes, lang: Language, *parts: str, room: float = 1.0, frame: Axes | None = None) -> None:
    """Write a caption in small letters under the horizontal axis and its label.

    Lines are as long as the place of the axes in their figure is wide, or the share of it, `room`, that is left from
    where they begin: at the side of `frame`, if `ax` is a panel of it, else at that of `ax`.
    """
    place, side = frame or ax, reading(lang)
    ax.annotate(wrapped(parts, int(14 * room * room_of(place))), xy=(1.0 if lang == "ar" else 0.0, 0.0),
                xycoords=(place.transAxes, ax.xaxis.label), xytext=(0, -5), textcoords="offset points", ha=side,
                va="top", multialignment=side, fontsize=7.5, color="#444444", annotation_clip=False)  # fmt: skip


def ran(about: Mapping[str, Any], lang: Language) -> list[str]:
    """Return the parts of a caption that say what a run started from and its size."""
    run = " · ".join(size(about["draws"], about["paths"], lang, about["seed"]))
    return [*origin(about.get("given", {}), lang), run]


def wrapped(parts: Sequence[str], width: int) -> str:
    """Return the parts in lines that are broken between parts, and inside one only if it is longer than a line."""
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) + 3 <= width:
            lines[-1] = f"{lines[-1]} · {part}"
        else:
            lines += textwrap.wrap(part, width)
    return "\n".join(lines)
