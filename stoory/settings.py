"""Settings: the embedded default (SQLite, in memory) unless the environment says otherwise."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from stoory import env
from stoory.openapi_settings import SPECTACULAR_SETTINGS  # noqa: F401 (a setting)

BASE_DIR = Path(__file__).resolve().parent.parent
env.load_file(BASE_DIR / ".env")
DATA_DIR = Path(env.text("DATA_DIR") or BASE_DIR / "var")
DATA_DIR.mkdir(parents=True, exist_ok=True)

DEVELOPMENT_SECRET = "development-only-secret-that-production-refuses"  # noqa: S105 (refused in production)
DEBUG = env.flag("DEBUG", default=True)
SECRET_KEY = env.text("SECRET_KEY") or DEVELOPMENT_SECRET
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver" if DEBUG else "")

INSTALLED_APPS = [
    # Bottom up: the order in which they receive the signals that they share.
    "accounts",
    "realtime",
    "conversations",
    "messaging",
    "deals",
    "notifications",
    "operators",
    "stoory",
    "stoory.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "corsheaders",
    "csp",
]

MIDDLEWARE = [
    "stoory.content_security_policy.ContentSecurityPolicy",
    "stoory.middleware.HealthCheckMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "stoory.middleware.StaticFilesMiddleware",
    "stoory.middleware.OptionalTrailingSlashMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "stoory.urls"
ASGI_APPLICATION = "stoory.asgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]

# --- Storage ---------------------------------------------------------------------------------------------------

DATABASE_URL = env.text("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'stoory.sqlite3'}"
DATABASES = {"default": dj_database_url.parse(DATABASE_URL)}
WORKER_THREADS = env.integer("WORKER_THREADS", 8, least=1)
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Taking the write lock at BEGIN is what makes "database is locked" a wait instead of an error.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # Threads share a file; they cannot share a database in memory.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    _POOL = env.integer("DATABASE_POOL", WORKER_THREADS * 2 + 4, least=2)
    WORKER_THREADS = min(WORKER_THREADS, _POOL - 1)  # each keeps its connection while it is busy; requests need one
    DATABASES["default"] |= {
        "ENGINE": "foundation.database.postgresql",
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            # An attempt to connect ends after 4 s, and the next request begins a new one at once: its pauses grow.
            "pool": {"min_size": 1, "max_size": _POOL, "timeout": 10, "reconnect_timeout": 4},
            "connect_timeout": 5,
            # None: off, as a pooler needs that lends connections by transaction and does not know prepared statements.
            "prepare_threshold": 0 if env.flag("DATABASE_PREPARED_STATEMENTS", default=True) else None,
            "options": "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s"
            " -c plan_cache_mode=force_generic_plan",  # ADR 18
        },
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MEDIA_ROOT = DATA_DIR / "media"

REDIS_URL = env.text("REDIS_URL")
REDIS_PREFIX = env.text("REDIS_PREFIX", "stoory")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "realtime.channel_layer.PubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": REDIS_PREFIX},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 10_000}}
}

# --- People ----------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.AccountBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCESS_TOKEN_LIFETIME = timedelta(minutes=env.number("ACCESS_TOKEN_MINUTES", 60, least=1))
SIMPLE_JWT: dict[str, Any] = {
    "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
    "REFRESH_TOKEN_LIFETIME": timedelta(days=env.number("REFRESH_TOKEN_DAYS", 14, least=1)),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "UPDATE_LAST_LOGIN": False,
    "ALGORITHM": "HS256",
    "SIGNING_KEY": env.text("JWT_SIGNING_KEY") or SECRET_KEY,
    "ISSUER": "stoory",
    "AUDIENCE": "stoory",
    "USER_ID_CLAIM": "user_id",
}
LOGIN_FAILURES_PER_MINUTE = env.integer("LOGIN_FAILURES_PER_MINUTE", 10, least=1)
LOGIN_FAILURES_PER_MINUTE_OF_ADDRESS = env.integer("LOGIN_FAILURES_PER_MINUTE_OF_ADDRESS", 100, least=1)
REGISTRATIONS_PER_MINUTE_OF_ADDRESS = env.integer("REGISTRATIONS_PER_MINUTE_OF_ADDRESS", 120, least=1)
PEOPLE_SEARCH = env.choice("PEOPLE_SEARCH", "other_role", {"other_role", "everybody", "off"})
PEOPLE_SEARCHES_PER_MINUTE = env.integer("PEOPLE_SEARCHES_PER_MINUTE", 30, least=1)
SOCKET_TOKEN_POLICY = env.choice("SOCKET_TOKEN_POLICY", "session", {"session", "strict"})

# --- REST ------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.SessionJWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.rate_limits.RequestThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["foundation.rest.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["foundation.rest.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "foundation.rest.AcceptAnything",
    "DEFAULT_METADATA_CLASS": "foundation.rest.MethodsMetadata",
    "DEFAULT_SCHEMA_CLASS": "stoory.openapi_schema.AutoSchema",
    "EXCEPTION_HANDLER": "foundation.rest.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
MAX_JSON_BODY = 256 * 1024
SOCKET_ORIGINS = env.words("SOCKET_ORIGINS", "*" if DEBUG else "")
CORS_ORIGINS = env.words("CORS_ORIGINS", ",".join(SOCKET_ORIGINS))
CORS_ALLOW_ALL_ORIGINS = "*" in CORS_ORIGINS
CORS_ALLOWED_ORIGINS = [] if CORS_ALLOW_ALL_ORIGINS else CORS_ORIGINS
CORS_ALLOW_CREDENTIALS = False  # tokens travel in a header; cookies are the admin's alone
CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = ["Retry-After"]
MAX_UPLOAD_BYTES = env.integer("MAX_UPLOAD_MEGABYTES", 10, least=1) * 1024 * 1024
MAX_REQUEST_BODY = MAX_UPLOAD_BYTES + MAX_JSON_BODY

# --- Real time -------------------------------------------------------------------------------------------------

MAX_FRAME = 64 * 1024
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")
LONG_POLLING = env.flag("LONG_POLLING", default=True)
ROOM_SWEEP_SECONDS = env.number("ROOM_SWEEP_SECONDS", 2, least=0.1)
EVENT_RETENTION = timedelta(days=env.number("EVENT_RETENTION_DAYS", 30, least=1))
METRICS = env.flag("METRICS", default=False)
DRAIN_SECONDS = env.number("DRAIN_SECONDS", 4)
SHUTDOWN_SECONDS = env.integer("SHUTDOWN_SECONDS", 2, least=1)

REQUESTS_PER_SECOND = env.number("REQUESTS_PER_SECOND", 50, least=0.01)
REQUESTS_BURST = env.integer("REQUESTS_BURST", 500, least=1)
SENDS_PER_SECOND = env.number("SENDS_PER_SECOND", 10, least=0.01)
SENDS_BURST = env.integer("SENDS_BURST", 60, least=1)
OPENINGS_PER_HOUR = env.integer("OPENINGS_PER_HOUR", 120, least=1)
SOCKET_EVENTS_PER_MINUTE = env.integer("SOCKET_EVENTS_PER_MINUTE", 120, least=1)
CONNECTS_PER_MINUTE_OF_USER = env.integer("CONNECTS_PER_MINUTE_OF_USER", 60, least=1)
CONNECTS_PER_MINUTE_OF_ADDRESS = env.integer("CONNECTS_PER_MINUTE_OF_ADDRESS", 600, least=1)
RATE_LIMITS = env.flag("RATE_LIMITS", default=True)
RATE_LIMITS_OFF_CONFIRMED = env.flag("RATE_LIMITS_OFF_CONFIRMED", default=False)

# --- Deals -----------------------------------------------------------------------------------------------------

DEFAULT_CURRENCY = env.text("DEFAULT_CURRENCY", "INR")
FLOWS = env.text("FLOWS")
DEADLINES_IN_SERVER = env.flag("DEADLINES_IN_SERVER", default=True)
DEADLINE_SECONDS = env.number("DEADLINE_SECONDS", 5, least=0.1)

PAYMENT_PROVIDER = env.choice("PAYMENT_PROVIDER", "sandbox" if DEBUG else "none", {"none", "sandbox", "stripe"})
PAYMENT_PROVIDER_SECONDS = env.number("PAYMENT_PROVIDER_SECONDS", 8, least=0.1)
SANDBOX_PAYMENTS = DEBUG and PAYMENT_PROVIDER == "sandbox"
SANDBOX_PAYMENT_SECRET = env.text("SANDBOX_PAYMENT_SECRET") or "development-only-sandbox-secret"
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY")
STRIPE_PUBLISHABLE_KEY = env.text("STRIPE_PUBLISHABLE_KEY")
STRIPE_WEBHOOK_SECRET = env.text("STRIPE_WEBHOOK_SECRET")

# --- Pages, files and safety -----------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT") or BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "connect-src": [SELF, "ws:", "wss:"],
        "img-src": [SELF, "data:", "blob:"],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
TLS = env.flag("TLS", default=not DEBUG)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SECURE_SSL_REDIRECT = env.flag("TLS_REDIRECT", default=False)
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000 if TLS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
# Redirecting to https is the proxy's part: health checks and the proxy itself speak plain HTTP to this server.
SILENCED_SYSTEM_CHECKS = ["security.W008"]
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

_OFFICE = "application/vnd.openxmlformats-officedocument"
UPLOAD_TYPES = env.words(
    "UPLOAD_TYPES",
    "image/jpeg,image/png,image/gif,image/webp,video/mp4,video/quicktime,video/webm,"
    "audio/mpeg,audio/mp4,audio/ogg,audio/x-wav,application/pdf,application/zip,"
    f"{_OFFICE}.wordprocessingml.document,{_OFFICE}.spreadsheetml.sheet,{_OFFICE}.presentationml.presentation",
)
UPLOAD_MAX_PIXELS = env.integer("UPLOAD_MAX_MEGAPIXELS", 40, least=1) * 1_000_000
UPLOADS_PER_HOUR = env.integer("UPLOADS_PER_HOUR", 200, least=1)

LANGUAGE_CODE = env.text("LANGUAGE_CODE", "en")
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

LOG_FORMAT = env.choice("LOG_FORMAT", "console" if DEBUG else "json", {"console", "json"})
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", {"DEBUG", "INFO", "WARNING", "ERROR"})
LOGGING_CONFIG = "stoory.logging_config.configure"
LOGGING = {"format": LOG_FORMAT, "level": LOG_LEVEL}
