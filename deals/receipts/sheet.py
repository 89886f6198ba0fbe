"""A PDF of A4 pages on which texts of any direction are written in rows."""

from datetime import datetime

from fpdf import FPDF
from fpdf.fonts import TTFFont

from deals.receipts import fonts
from deals.receipts.text_runs import Run, direction_of, lines

LEFT, RIGHT, TOP, BOTTOM = 22.0, 188.0, 24.0, 272.0
"""The edges of the text, in millimeters."""

INK, SOFT, RULE = (28, 33, 31), (87, 93, 89), (201, 197, 186)
WORD_JOINER = "\u2060"
"""A character that nobody sees."""

LINE_HEIGHT = 0.53
"""Millimeters for each point of the size of the font."""


class Sheet:
    """Writes rows from the top of a page to its bottom, and begins further pages.

    `rtl` mirrors the page: rows begin at the right edge.
    """

    def __init__(self, *, title: str, language: str, rtl: bool, created_at: datetime) -> None:
        self._rtl = rtl
        self._pdf = pdf = FPDF(format="A4")
        pdf.set_auto_page_break(False)
        pdf.alias_nb_pages("")  # otherwise "{nb}" in a text would become the number of pages
        pdf.c_margin = 0
        pdf.set_title(title)
        pdf.set_lang(language)
        pdf.set_creator("Stoory")
        pdf.set_creation_date(created_at)
        for name, path in fonts.FILES.items():
            pdf.add_font(name, fname=path)
        self._begin_page()

    def row(self, *cells: "Cell", gap: float = 1.5) -> None:
        """Write texts beside each other, and continue below the longest."""
        written = [(cell, self._lines(cell)) for cell in cells]
        heights = [len(found) * cell.height for cell, found in written]
        if self._y + max(heights) > BOTTOM:
            self._begin_page()
        for cell, found in written:
            for number, line in enumerate(found):
                self._write(cell, line, self._y + number * cell.height)
        self._y += max(heights) + gap

    def rule(self) -> None:
        self._pdf.set_draw_color(*RULE)
        self._pdf.set_line_width(0.2)
        self._pdf.line(LEFT, self._y + 1, RIGHT, self._y + 1)
        self.space(4)

    def space(self, height: float) -> None:
        self._y += height

    def content(self) -> bytes:
        """Return the PDF."""
        self._name_glyphs()
        return bytes(self._pdf.output())

    def _name_glyphs(self) -> None:
        """Give each glyph a character, because fpdf2 names only the first glyph of a syllable.

        Programs that copy or read the text would take the others for control characters.
        """
        for font in self._pdf.fonts.values():
            glyphs = font.subset.items() if isinstance(font, TTFFont) else ()
            for glyph, _ in glyphs:
                if glyph is not None and glyph.unicode == ():
                    glyph.unicode = (ord(WORD_JOINER),)

    def _begin_page(self) -> None:
        self._pdf.add_page()
        self._y = TOP

    def _lines(self, cell: "Cell") -> list[list[Run]]:
        rtl = direction_of(cell.text, otherwise=self._rtl)
        return lines(cell.text, rtl=rtl, width=cell.width, measure=lambda run: self._width(run, cell.size))

    def _write(self, cell: "Cell", line: list[Run], y: float) -> None:
        widths = [self._width(run, cell.size) for run in line]
        begin = cell.begin + (cell.width - sum(widths) if cell.at_end else 0)
        x = RIGHT - (begin - LEFT) - sum(widths) if self._rtl else begin
        self._pdf.set_text_color(*cell.color)
        for run, width in zip(line, widths, strict=True):
            self._use(run, cell.size)
            self._pdf.set_xy(x, y)
            self._pdf.cell(width, cell.height, run.text)  # `text` does not shape from right to left
            x += width

    def _width(self, run: Run, size: float) -> float:
        self._use(run, size)
        return self._pdf.get_string_width(run.text)

    def _use(self, run: Run, size: float) -> None:
        self._pdf.set_font(run.font, size=size)
        self._pdf.set_text_shaping(True, direction="rtl" if run.is_rtl else "ltr")


class Cell:
    """A text in a row. It begins `begin` millimeters from the left edge of the page and is at most `width` wide."""

    def __init__(
        self,
        text: str,
        *,
        begin: float = LEFT,
        width: float = RIGHT - LEFT,
        size: float = 10.5,
        color: tuple[int, int, int] = INK,
        at_end: bool = False,
    ) -> None:
        self.text, self.begin, self.width = text, begin, width
        self.size, self.color, self.at_end = size, color, at_end

    @property
    def height(self) -> float:
        return self.size * LINE_HEIGHT
