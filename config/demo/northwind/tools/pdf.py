from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from config.demo.northwind.tools import BadInput

MAX_PAGES = 200


def extract(document: bytes) -> list[str]:
    """The text of each page. Raises BadInput."""
    try:
        pages = PdfReader(BytesIO(document)).pages
        if len(pages) > MAX_PAGES:
            raise BadInput(f"A document has at most {MAX_PAGES} pages.")
        return [page.extract_text() for page in pages]
    except (PyPdfError, ValueError, KeyError, TypeError) as error:
        raise BadInput("This is no readable PDF.") from error
