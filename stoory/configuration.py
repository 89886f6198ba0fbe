"""The declarations of all settings, by group: name, kind, default, bound and description.

`make documents` generates the tables of `docs/configuration.md` and `.env.example` from them.
"""

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import dj_database_url
from pydantic import AfterValidator, Field

from stoory.env import (
    Choice,
    DefaultIfBlank,
    Derived,
    Environment,
    Flag,
    Folder,
    Kind,
    Number,
    Secret,
    Text,
    Whole,
    Words,
    by_flag,
)
from stoory.file_configuration import Files

BASE_DIR = Path(__file__).resolve().parent.parent
DEVELOPMENT_SECRET = "development-only-secret-that-production-refuses"  # noqa: S105 (refused in production)
_OFFICE = "application/vnd.openxmlformats-officedocument"
_UPLOAD_TYPES = [
    *("image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/avif", "image/bmp", "image/tiff"),
    *("image/vnd.adobe.photoshop", "video/mp4", "video/quicktime", "video/webm", "video/3gpp", "video/x-matroska"),
    *("audio/mpeg", "audio/mp4", "audio/aac", "audio/amr", "audio/amr-wb", "audio/3gpp", "audio/ogg", "audio/x-wav"),
    *("audio/webm", "audio/x-matroska", "application/pdf", "application/rtf", "application/zip"),
    *("text/plain", "text/csv", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
    *(f"{_OFFICE}.{one}" for one in ("wordprocessingml.document", "spreadsheetml.sheet")),
    *(f"{_OFFICE}.presentationml.presentation", "application/encrypted"),
    *("application/vnd.ms-word.document.macroEnabled.12", "application/vnd.ms-excel.sheet.macroEnabled.12"),
    *("application/vnd.ms-powerpoint.presentation.macroEnabled.12",),
    *("application/vnd.ms-excel.sheet.binary.macroEnabled.12",),
    *(f"application/vnd.oasis.opendocument.{one}" for one in ("text", "spreadsheet", "presentation")),
    *(f"application/vnd.apple.{one}" for one in ("pages", "numbers", "keynote")),
]


def _database_url(url: str) -> str:
    dj_database_url.parse(url)
    return url


class Basics(Environment):
    """The basics"""

    DEBUG: Flag = True
    """Development mode: demo accounts, any origin, error pages with details. Set `off` in production"""
    SECRET_KEY: Secret = Field(default_factory=Derived("none", lambda _: DEVELOPMENT_SECRET))
    """Signs sessions and cursors. At least 50 characters in production; required with `DEBUG=off`"""
    SECRET_KEY_FALLBACKS: Annotated[Words, Kind("a list", secret=True)] = Field([], repr=False)
    """Earlier values of `SECRET_KEY` whose signatures are still accepted, while you replace the key"""
    ALLOWED_HOSTS: Words = Field(
        default_factory=by_flag("DEBUG", on=["localhost", "127.0.0.1", "[::1]", "testserver"], off=[]),
        examples=["chat.example.com"],
    )
    """Host names of this server; requests with other host names are rejected. Required with `DEBUG=off`"""
    DATA_DIR: Folder = Field(default_factory=Derived("`var/`", lambda _: BASE_DIR / "var", "var"))
    """Folder of the SQLite database and of uploaded files"""
    STATIC_ROOT: Folder = Field(
        default_factory=Derived("`staticfiles/`", lambda _: BASE_DIR / "staticfiles", "staticfiles")
    )
    """Folder in which `collectstatic` stores static files for `serve`"""
    LANGUAGE_CODE: Text = "en"
    """Language of the pages, if a [translation](#another-language) exists"""
    LOG_LEVEL: Choice[Literal["DEBUG", "INFO", "WARNING", "ERROR"]] = "INFO"
    """Events below this level are not logged"""
    LOG_FORMAT: Choice[Literal["console", "json"]] = Field(default_factory=by_flag("DEBUG", on="console", off="json"))
    """One line for each event, readable by people (`console`) or by machines (`json`)"""


class Storage(Environment):
    """Storage"""

    DATABASE_URL: Annotated[
        Secret,
        AfterValidator(_database_url),
        Kind("the URL of a database, with special characters percent-encoded", secret=True),
    ] = Field(
        default_factory=Derived(
            "SQLite in `DATA_DIR`", lambda values: f"sqlite:///{values['DATA_DIR'] / 'stoory.sqlite3'}"
        ),
        examples=["postgres://stoory:password@localhost:5432/stoory"],
    )
    """`postgres://user:password@host:5432/name` or `sqlite:///path`"""
    WORKER_THREADS: Whole = Field(8, ge=1)
    """Threads for the database work of sockets, in each process. HTTP requests have a separate pool with 4 threads
    more"""
    TASK_THREADS: Whole = Field(2, ge=1)
    """Tasks that one server process runs at the same time"""
    DATABASE_POOL: Whole = Field(
        default_factory=Derived(
            "`2 * WORKER_THREADS + TASK_THREADS + 5`",
            lambda values: values["WORKER_THREADS"] * 2 + values["TASK_THREADS"] + 5,
            23,
        ),
        ge=2,
    )
    """Connections to PostgreSQL that one process can hold. One connection is reserved for HTTP requests: if necessary,
    the process uses fewer `WORKER_THREADS`"""
    DATABASE_PREPARED_STATEMENTS: Flag = True
    """PostgreSQL prepares the statements of messages, once for each connection. Set `off` for poolers that assign
    connections by transaction and do not support prepared statements (PgBouncer before 1.21)"""
    REDIS_URL: Secret = Field("", examples=["redis://localhost:6379/0"])
    """URL of Redis, `redis://host:6379/0`: the bus between processes, and rate limits counted over all processes.
    Required for more than one process. The URL can have options (`?ssl_cert_reqs=required`), but not `socket_timeout`,
    which would end a subscription that receives nothing for that time"""
    REDIS_PREFIX: Text = "stoory"
    """Prefix of every key and channel, so that several installations can share a Redis"""


def _names(names: list[str]) -> list[str]:
    for name in names:
        if not any(map(str.isalnum, name)):
            raise ValueError(f"{name!r} has no letters or numbers")
    return names


class Origins(Environment):
    """Origins and proxies"""

    SOCKET_ORIGINS: Words = Field(
        default_factory=by_flag("DEBUG", on=["*"], off=[]), examples=["https://chat.example.com"]
    )
    """Origins (`https://app.example.com`) of the web pages that may connect over Socket.IO, including this server's
    own pages"""
    CORS_ORIGINS: Words = Field(
        default_factory=Derived("the value of `SOCKET_ORIGINS`", lambda values: values["SOCKET_ORIGINS"]),
        examples=["https://chat.example.com"],
    )
    """Origins of the web pages that may use `/api/`. Cookies from these pages are never accepted. Pages of any
    origin may read static files, including the modules of the client library"""
    CSRF_TRUSTED_ORIGINS: Words = Field([], examples=["https://chat.example.com"])
    """Origins that may post forms to the admin. Required if a proxy changes the host name"""
    TRUSTED_PROXIES: Words = Field([], examples=["10.0.0.0/8"])
    """Networks (`10.0.0.0/8`, single addresses; `unix` for a Unix socket) whose `X-Forwarded-For` and
    `X-Forwarded-Proto` are trusted. Set it if, and only if, such a proxy overwrites or extends these headers"""
    TLS: Flag = Field(default_factory=by_flag("DEBUG", on=False, off=True))
    """Clients reach the server over https: cookies of the admin are secure, and HSTS is sent. Set `off` to try
    production settings without a certificate"""
    TLS_REDIRECT: Flag = False
    """Redirect plain http to https. Usually the proxy does this"""
    HSTS_SECONDS: Whole = Field(default_factory=by_flag("TLS", on=31_536_000, off=0), ge=0)
    """How long browsers must use https; 31536000 is a year"""


class Accounts(Environment):
    """Accounts"""

    JWT_SIGNING_KEY: Secret = Field(default_factory=Derived("`SECRET_KEY`", lambda values: values["SECRET_KEY"]))
    """Signs access and refresh tokens (HS256). At least 32 bytes. A new key logs all users out"""
    ACCESS_TOKEN_MINUTES: Number = Field(60.0, ge=1)
    """How long an access token is valid"""
    REFRESH_TOKEN_DAYS: Number = Field(14.0, ge=1)
    """How long a login session lasts without use"""
    REFRESH_GRACE_SECONDS: Number = Field(60.0, ge=0, le=3600)
    """How long after its use a refresh token returns the same new tokens again, in case the answer was lost. Later use
    ends the login session. `0`: a refresh token works once"""
    SOCKET_TOKEN_POLICY: Choice[Literal["session", "strict"]] = "session"  # noqa: S105 (not a secret)
    """`session`: a socket lives as long as its login session. `strict`: as long as its access token, unless the client
    sends a newer token"""
    PEOPLE_SEARCH: Choice[Literal["everybody", "off", "other_role"]] = "other_role"
    """Which users a user can find with `GET /api/people`. `other_role`: brand owners find influencers, and influencers
    find brand owners. `everybody`: all users find each other. `off`: the search is switched off"""
    PEOPLE_SEARCHES_PER_MINUTE: Whole = Field(30, ge=1)
    """Searches for people by one user"""
    RESERVED_NAMES: Annotated[Words, AfterValidator(_names)] = Field([], examples=["Acme,Acme Help"])
    """Names that no user can take, as `system`, `stoory`, `admin` and `support`: also in look-alike or spaced spelling,
    and together with one another. `manage.py reserved_names` lists users who have such a name"""
    LOGIN_FAILURES_PER_MINUTE: Whole = Field(10, ge=1)
    """Wrong passwords for one account from one address"""
    LOGIN_FAILURES_PER_MINUTE_OF_ADDRESS: Whole = Field(100, ge=1)
    """Wrong passwords for all accounts from one address"""
    REGISTRATIONS_PER_MINUTE_OF_ADDRESS: Whole = Field(120, ge=1)
    """Accounts created from one address"""


class RealTime(Environment):
    """Real time"""

    LONG_POLLING: Flag = True
    """Clients may also connect over HTTP long-polling. With several workers, `serve` always switches long-polling off,
    see [operations.md](operations.md)"""
    ROOM_SWEEP_SECONDS: Number = Field(2.0, ge=0.1)
    """How often a process compares its positions with the event logs, in case hints were lost. While Redis is down,
    this is the longest delay of an event"""
    EVENT_RETENTION_DAYS: Number = Field(30.0, ge=1)
    """Events are deleted from the event logs after this time. Messages are not affected"""
    DRAIN_SECONDS: Number = Field(4.0, ge=0)
    """Time over which a process closes its sockets when it shuts down"""
    SHUTDOWN_SECONDS: Whole = Field(2, ge=1)
    """How long running requests can continue after the sockets are closed"""
    METRICS: Flag = False
    """Prometheus metrics at `/metrics`"""


class Limits(Environment):
    """Limits"""

    REQUESTS_PER_SECOND: Number = Field(50.0, ge=0.01)
    """Sustained rate of REST requests by one user; counted in each process"""
    REQUESTS_BURST: Whole = Field(500, ge=1)
    """REST requests that one user can send at once; counted in each process"""
    SENDS_PER_SECOND: Number = Field(10.0, ge=0.01)
    """Sustained rate of messages and edits by one user"""
    SENDS_BURST: Whole = Field(60, ge=1)
    """Messages and edits that one user can send at once"""
    OPENINGS_PER_HOUR: Whole = Field(120, ge=1)
    """Conversations that one user can open"""
    SOCKET_EVENTS_PER_MINUTE: Whole = Field(120, ge=1)
    """Socket commands of one socket"""
    CONNECTS_PER_MINUTE_OF_USER: Whole = Field(60, ge=1)
    """Connections of one user"""
    CONNECTS_PER_MINUTE_OF_ADDRESS: Whole = Field(600, ge=1)
    """Connections from one address"""
    UPLOAD_TYPES: Words = Field(
        default_factory=Derived("[all of these](files.md)", lambda _: _UPLOAD_TYPES),
        examples=["image/png,application/pdf"],
    )
    """Accepted content types (`image/png,application/pdf`), detected from the content of a file"""
    UPLOAD_MAX_MEGAPIXELS: Whole = Field(40, ge=1)
    """The largest picture that is decoded in full, in millions of pixels; larger ones are stored all the same"""
    DECODE_MEGABYTES: Whole = Field(512, ge=128)
    """Memory of the process that decodes a file"""
    DECODE_SECONDS: Whole = Field(10, ge=1, le=300)
    """Time to decode a file; larger files, which no request waits for, get a second more for each 5 MB"""
    UPLOADS_PER_HOUR: Whole = Field(200, ge=1)
    """Files that one user can upload"""
    RECEIPTS_PER_MINUTE: Whole = Field(30, ge=1)
    """Receipts that one user can read or download"""
    RATE_LIMITS: Flag = True
    """`off` disables all rate limits; use it only for measurements"""
    RATE_LIMITS_OFF_CONFIRMED: Flag = False
    """Must be `on` too if both `RATE_LIMITS=off` and `DEBUG=off`"""


class Tasks(Environment):
    """Tasks"""

    TASKS_IN_SERVER: Flag = True
    """Every server process runs [tasks](tasks.md). Set `off` if `manage.py run_tasks` does this"""
    TASK_RETENTION_DAYS: Number = Field(7.0, ge=0.1)
    """How long tasks that succeeded are kept. Dead letters are kept for 90 days"""
    NOTIFICATION_RETENTION_DAYS: Number = Field(90.0, ge=1)
    """How long read notifications are kept. Unread notifications are kept for a year, or for this time if it is
    longer"""
    MESSAGE_REVISION_DAYS: Number = Field(180.0, ge=0, le=36_500)
    """How long the former words of edited and deleted messages, and the files of deleted messages, are kept for staff
    with the permission *Can view message revision*. `0` keeps none"""


class Deals(Environment):
    """Deals"""

    DEFAULT_CURRENCY: Text = "INR"
    """ISO 4217 code of the currency of conversations that are opened without a currency"""
    FLOWS: Text = ""
    """Numbers that replace the defaults of flows, see below"""
    DEADLINES_IN_SERVER: Flag = True
    """Tasks of the servers include due deadlines and reminders. Set `off` if `manage.py run_deadlines` does this. Other
    tasks run all the same, also those that open and refund orders (see `TASKS_IN_SERVER`)"""
    DEADLINE_SECONDS: Number = Field(5.0, ge=0.1)
    """How often due deadlines and reminders are looked for"""
    PAYMENT_PROVIDER: Choice[Literal["none", "sandbox", "stripe"]] = Field(
        default_factory=by_flag("DEBUG", on="sandbox", off="none")
    )
    """The payment provider; `sandbox` is for development only"""
    EXTERNAL_CONNECT_SECONDS: Number = Field(3.0, ge=0.1, le=60)
    """How long a call to another system, such as the payment provider, waits for a connection"""
    EXTERNAL_CALL_SECONDS: Number = Field(10.0, ge=0.1, le=60)
    """How long a call to another system takes in all, including one retry. A request that opens an order waits this
    long; after that, the response is 503 `payment_unavailable`"""
    SANDBOX_PAYMENT_SECRET: Secret = Field(
        default_factory=Derived("a public value", lambda _: "development-only-sandbox-secret")
    )
    """Signs the sandbox's webhooks"""
    STRIPE_API_URL: DefaultIfBlank[Annotated[str, Kind("a URL")]] = "https://api.stripe.com"
    """Address of Stripe's API. Another address is for tests with a stand-in for Stripe"""
    STRIPE_SECRET_KEY: Secret = ""
    """From the Stripe dashboard; required with `PAYMENT_PROVIDER=stripe`"""
    STRIPE_PUBLISHABLE_KEY: Text = ""
    """From the Stripe dashboard; required with `PAYMENT_PROVIDER=stripe`"""
    STRIPE_WEBHOOK_SECRET: Secret = ""
    """From the Stripe dashboard; required with `PAYMENT_PROVIDER=stripe`"""


class Configuration(Deals, Tasks, Files, Limits, RealTime, Accounts, Origins, Storage, Basics):
    """All settings. The order of the groups is from the last base class to the first."""

    renamed: ClassVar[dict[str, str]] = {"PAYMENT_PROVIDER_SECONDS": "EXTERNAL_CALL_SECONDS"}
