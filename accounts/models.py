"""People, and the login sessions that their tokens belong to."""

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
from accounts.signals import sessions_ended
from foundation.clock import now
from foundation.ids import uuid7

SYSTEM_USER_ID = uuid.UUID(int=0)
"""The built-in sender of messages that no person caused."""


class Role:
    """What a user is in the marketplace. Not `choices` of the column: a new one needs no migration."""

    INFLUENCER = "influencer"
    BRAND_OWNER = "brand_owner"
    SYSTEM = "system"


class UserQuerySet(models.QuerySet["User"]):
    """Whatever writes names for many users writes what they are found by, as `User.save` does for one."""

    def update(self, **values: Any) -> int:
        if "name" not in values:
            return super().update(**values)
        with transaction.atomic():
            ids = list(self.values_list("pk", flat=True))  # afterwards they may be others
            updated = super().update(**values)
            NameWord.objects.rewrite(ids)
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
        """One spelling of an address: trimmed, NFKC, lower case."""
        return unicodedata.normalize("NFKC", email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        address = self.normalize_email(username)
        if "\x00" in address:
            raise self.model.DoesNotExist  # PostgreSQL would not even look for it
        return self.get(email=address)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """`name` falls back to the part of the address before the @; without a password nobody can log in."""
        address = self.normalize_email(email)
        user = self.model(email=address, **{"name": address.partition("@")[0]} | fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **fields, is_staff=True, is_superuser=True)


class User(AbstractBaseUser, PermissionsMixin):
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
            # With this one the plain unique index is a case-insensitive one.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lower_case")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.email = UserManager.normalize_email(self.email)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password, a block and a deactivation end login sessions, and a name can be found, whoever saves them:
        a service, a form of the admin, a management command. Django has no `_password` where it only renews a hash."""
        self.clean()
        was_there, new_password = not self._state.adding, self._password is not None
        written = kwargs.get("update_fields")
        with transaction.atomic():
            super().save(*args, **kwargs)
            if written is None or "name" in written:
                NameWord.objects.rewrite([self.pk])
            if was_there and new_password:
                LoginSession.objects.end_of(self.pk, "password_changed")
            if was_there and not self.may_log_in:
                LoginSession.objects.end_of(self.pk, "blocked" if self.is_blocked else "deactivated")

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            LoginSession.objects.end_of(self.pk, "deleted")
            return super().delete(*args, **kwargs)

    def check_password(self, raw_password: str | None) -> bool:
        """As Django's, which renews a hash that is out of date; login sessions outlive that."""
        return hashers.check_password(raw_password, self.password, self._renew_hash)

    @transaction.atomic
    def _renew_hash(self, raw_password: str) -> None:
        self.set_password(raw_password)
        self._password = None
        self.save(update_fields=["password"])
        self.login_sessions.live().update(password_fingerprint=self.password_fingerprint)

    @property
    def password_fingerprint(self) -> str:
        """Tells one stored password from another."""
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
        """Have for these users what their names as stored are found by, and for those who are gone nothing. Run in
        the transaction that wrote the names: it holds the users' rows, so the last name written is the last read."""
        for start in range(0, len(user_ids), self.CHUNK):
            missing, surplus = self.faults_of(user_ids[start : start + self.CHUNK])
            if surplus:
                self.filter(pk__in=[one.pk for one in surplus]).delete()
            if missing:
                self.bulk_create(missing, ignore_conflicts=True)

    def faults_of(self, user_ids: Sequence[uuid.UUID]) -> "tuple[list[NameWord], list[NameWord]]":
        """The rows that these users lack, not saved yet, and those that they should not have."""
        names = User.objects.filter(pk__in=user_ids).values_list("pk", "name")
        wanted = {(pk, key) for pk, name in names for key in keys_of(name)}
        there = {(one.user_id, bytes(one.key)): one for one in self.filter(user_id__in=user_ids)}
        missing = [NameWord(user_id=pk, key=key) for pk, key in sorted(wanted - there.keys())]
        return missing, [one for pair, one in there.items() if pair not in wanted]


class NameWord(models.Model):
    """A word of a user's name, as people are found by it; `key` is made by `names.keys_of`.

    The relation is not checked by the database: a release that does not know this table can delete users.
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
        """End those of this queryset that are the user's, and send `sessions_ended` after the commit.

        Locks the user before the sessions, as everything does that takes both.
        """
        list(User.objects.filter(pk=user_id).select_for_update(no_key=True).values_list("pk"))
        ending = self.filter(user_id=user_id, ended_at=None)
        ids = list(ending.values_list("pk", flat=True))
        if ids:
            self.filter(pk__in=ids).update(ended_at=now(), reason=reason)
            payload = {"session_ids": ids, "user_id": user_id, "reason": reason}
            transaction.on_commit(lambda: sessions_ended.send_robust(LoginSession, **payload), robust=True)


class LoginSession(models.Model):
    """What begins with a login and ends with a logout; every token and socket belongs to one.

    `expires_at` is the expiry of its newest refresh token. `reason` says why it ended. `password_fingerprint` is
    that of the password it was begun with; a session from before there were any has none.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="login_sessions")
    created_at = models.DateTimeField(default=now, editable=False)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    password_fingerprint = models.CharField(max_length=64, blank=True, db_default="", editable=False)

    objects = LoginSessionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user"], condition=models.Q(ended_at=None), name="login_session_not_ended")]

    def __str__(self) -> str:
        return f"{self.user_id} since {self.created_at:%Y-%m-%d %H:%M}"

    @classmethod
    def of(cls, user: User, **fields: Any) -> Self:
        """A new one, not saved yet."""
        return cls(user=user, password_fingerprint=user.password_fingerprint, **fields)

    @property
    def has_ended(self) -> bool:
        """Ended, or begun with a password that has been replaced, by whatever way."""
        return self.ended_at is not None or self.password_fingerprint not in {"", self.user.password_fingerprint}
