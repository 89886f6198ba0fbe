"""Users, their search words and their login sessions."""

import hashlib
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

from django.contrib.auth import hashers
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower

from accounts.names import keys_of
from accounts.signals import names_changed, sessions_ended
from foundation.clock import now
from foundation.ids import uuid7
from foundation.labels import normalized

SYSTEM_USER_ID = uuid.UUID(int=0)
"""The built-in sender of messages that no person caused."""


class Role:
    """The role of a user in the marketplace. The column has no `choices`, so a new role needs no migration."""

    INFLUENCER = "influencer"
    BRAND_OWNER = "brand_owner"
    SYSTEM = "system"


class UserQuerySet(models.QuerySet["User"]):
    """Bulk writes of names also rewrite the search words, as `User.save` does for one user."""

    def update(self, **values: Any) -> int:
        if "name" not in values:
            return super().update(**values)
        with transaction.atomic():
            ids = list(self.values_list("pk", flat=True))  # the update can change which rows match
            updated = super().update(**values)
            NameWord.objects.rewrite(ids)
            names_changed.send(User, user_ids=ids)
        return updated

    def bulk_create(self, objs: Iterable["User"], *args: Any, **kwargs: Any) -> list["User"]:
        with transaction.atomic():
            created = super().bulk_create(objs, *args, **kwargs)
            NameWord.objects.rewrite([user.pk for user in created])
        return created


class UserManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Return the canonical form of an address: trimmed, NFKC, lower case."""
        return unicodedata.normalize("NFKC", email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        address = self.normalize_email(username)
        if "\x00" in address:
            raise self.model.DoesNotExist  # PostgreSQL rejects NUL in a query
        return self.get(email=address)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user. `name` defaults to the part of the address before the @. Without a password, the user cannot
        log in."""
        address = self.normalize_email(email)
        user = self.model(email=address, **{"name": address.partition("@")[0]} | fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **fields, is_staff=True, is_superuser=True)


class User(AbstractBaseUser, PermissionsMixin):
    """The account of a person, or the built-in sender of system messages (`SYSTEM_USER_ID`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=32, default=Role.BRAND_OWNER)
    is_blocked = models.BooleanField(default=False)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    findable = models.BooleanField(
        default=True, db_default=True, help_text="Others can find this person by name or address."
    )
    created_at = models.DateTimeField(default=now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            # With this constraint, the plain unique index on `email` is case-insensitive.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lower_case")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.email = UserManager.normalize_email(self.email)
        if isinstance(self.name, str):  # it can also be an expression that the database computes
            self.name = normalized(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save the user, rewrite the search words, and end login sessions after a new password, a block or a
        deactivation. Services, forms of the admin and management commands all depend on this.

        `_password` is None if Django only renews the password hash.
        """
        self.clean()
        was_there, new_password = not self._state.adding, self._password is not None
        written = kwargs.get("update_fields")
        with transaction.atomic():
            super().save(*args, **kwargs)
            if written is None or "name" in written:
                NameWord.objects.rewrite([self.pk])
                if was_there:
                    names_changed.send(User, user_ids=[self.pk])
            if was_there and new_password:
                LoginSession.objects.end_of(self.pk, "password_changed")
            if was_there and not self.may_log_in:
                LoginSession.objects.end_of(self.pk, "blocked" if self.is_blocked else "deactivated")

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            LoginSession.objects.end_of(self.pk, "deleted")
            return super().delete(*args, **kwargs)

    def check_password(self, raw_password: str | None) -> bool:
        """Check a password as Django does. If this renews an outdated hash, login sessions stay valid."""
        return hashers.check_password(raw_password, self.password, self._renew_hash)

    @transaction.atomic
    def _renew_hash(self, raw_password: str) -> None:
        self.set_password(raw_password)
        self._password = None
        self.save(update_fields=["password"])
        self.login_sessions.live().update(password_fingerprint=self.password_fingerprint)

    @property
    def password_fingerprint(self) -> str:
        """The SHA-256 digest of the stored password hash, in hexadecimal. It changes with the password."""
        return hashlib.sha256(self.password.encode()).hexdigest()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def may_log_in(self) -> bool:
        return self.is_active and not self.is_blocked


class NameWordQuerySet(models.QuerySet["NameWord"]):
    CHUNK: ClassVar[int] = 500

    def rewrite(self, user_ids: Sequence[uuid.UUID]) -> None:
        """Rewrite the search words of these users from their stored names, and delete the words of deleted users.

        Call it in the transaction that wrote the names: it holds the locks on the users, so no name can change before
        the commit.
        """
        for start in range(0, len(user_ids), self.CHUNK):
            missing, surplus = self.faults_of(user_ids[start : start + self.CHUNK])
            if surplus:
                self.filter(pk__in=[one.pk for one in surplus]).delete()
            if missing:
                self.bulk_create(missing, ignore_conflicts=True)

    def faults_of(self, user_ids: Sequence[uuid.UUID]) -> "tuple[list[NameWord], list[NameWord]]":
        """Return the missing rows of these users, not saved yet, and their surplus rows."""
        names = User.objects.filter(pk__in=user_ids).values_list("pk", "name")
        wanted = {(pk, key) for pk, name in names for key in keys_of(name)}
        there = {(one.user_id, bytes(one.key)): one for one in self.filter(user_id__in=user_ids)}
        missing = [NameWord(user_id=pk, key=key) for pk, key in sorted(wanted - there.keys())]
        return missing, [one for pair, one in there.items() if pair not in wanted]


class NameWord(models.Model):
    """A search word: one word of a user's name. `names.keys_of` makes the `key`.

    The foreign key has no constraint in the database, so that a release without this table can delete users.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="name_words", db_constraint=False)
    key = models.BinaryField()

    objects = NameWordQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "user"], name="name_word_once")]

    def __str__(self) -> str:
        return bytes(self.key).partition(b" ")[0].decode()


class LoginSessionQuerySet(models.QuerySet["LoginSession"]):
    def live(self) -> Self:
        return self.filter(ended_at=None, expires_at__gt=now())

    @transaction.atomic
    def end_of(self, user_id: uuid.UUID, reason: str) -> None:
        """End the user's login sessions in this queryset, and send `sessions_ended` after the commit.

        Locks the user before the sessions, like all code that locks both.
        """
        list(User.objects.filter(pk=user_id).select_for_update(no_key=True).values_list("pk"))
        ending = self.filter(user_id=user_id, ended_at=None)
        ids = list(ending.values_list("pk", flat=True))
        if ids:
            self.filter(pk__in=ids).update(ended_at=now(), reason=reason)
            payload = {"session_ids": ids, "user_id": user_id, "reason": reason}
            transaction.on_commit(lambda: sessions_ended.send_robust(LoginSession, **payload), robust=True)


class LoginSession(models.Model):
    """A login session begins with a login and ends with a logout. Every token and socket belongs to a login session.

    `expires_at` is the expiry of its current refresh token. `refresh_id` is the id of this token and
    `previous_refresh_id` the id of the token before it, which was replaced at `refreshed_at`. `reason` says why the
    session ended. `password_fingerprint` is the user's fingerprint at the login. Sessions that are older than a field
    have an empty value.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="login_sessions")
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    password_fingerprint = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    refresh_id = models.CharField(max_length=32, blank=True, db_default="", editable=False)
    previous_refresh_id = models.CharField(max_length=32, blank=True, db_default="", editable=False)
    refreshed_at = models.DateTimeField(null=True, editable=False)

    objects = LoginSessionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user"], condition=models.Q(ended_at=None), name="login_session_not_ended")]

    def __str__(self) -> str:
        return f"{self.user_id} since {self.created_at:%Y-%m-%d %H:%M}"

    @classmethod
    def of(cls, user: User, **fields: Any) -> Self:
        """Return a new login session, not saved yet."""
        return cls(user=user, password_fingerprint=user.password_fingerprint, **fields)

    @property
    def has_ended(self) -> bool:
        """Whether the session was ended, or the password was replaced after the login."""
        return self.ended_at is not None or self.password_fingerprint not in {"", self.user.password_fingerprint}
