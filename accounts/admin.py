"""Users in the admin: search, block and log out. The pages do not show password hashes."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from accounts import services
from accounts.admin_search import IndexedSearchAdmin
from accounts.allowed_names import name_error
from accounts.models import SYSTEM_USER_ID, LoginSession, Role, User
from accounts.people_search import found_by_staff
from accounts.requests import LONGEST_NAME
from foundation.admin import ReadOnly
from foundation.labels import label_error, normalized
from foundation.text import error_message, trimmed

ROLES = [(Role.INFLUENCER, "Influencer"), (Role.BRAND_OWNER, "Brand owner")]
SUPERUSER_ONLY = ("is_staff", "is_superuser", "groups", "user_permissions")
"""Only superusers can change these fields, so that other staff cannot give themselves more rights."""


class RoleFilter(admin.SimpleListFilter):
    title = "role"
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*ROLES, (Role.SYSTEM, "System")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(role=self.value()) if self.value() else queryset


class NameForm(forms.ModelForm):
    """A form with a name. A stored name stays valid until it is changed."""

    def clean_name(self) -> str:
        name = normalized(trimmed(self.cleaned_data["name"]))
        if name == self.instance.name and self.instance.pk:
            return name
        if message := error_message(name, max_length=LONGEST_NAME) or label_error(name) or name_error(name):
            raise forms.ValidationError(message)
        return name


class ChangeUserForm(NameForm, UserChangeForm):
    password = None  # type: ignore[assignment]  # removes the field from the form
    role = forms.ChoiceField(choices=ROLES)

    class Meta:
        model = User
        fields = ("email", "name", "role", "findable", "is_blocked", "is_active", *SUPERUSER_ONLY)


class AddUserForm(NameForm, AdminUserCreationForm):
    role = forms.ChoiceField(choices=ROLES)

    class Meta:
        model = User
        fields = ("email", "name", "role")


class LoginSessionInline(ReadOnly, admin.TabularInline):
    model = LoginSession
    fields = readonly_fields = ("id", "created_at", "expires_at", "ended_at", "reason")
    ordering = ("-created_at",)
    extra = 0
    verbose_name_plural = "active login sessions"

    def get_queryset(self, request: HttpRequest) -> QuerySet[LoginSession]:
        return super().get_queryset(request).live()  # type: ignore[attr-defined]  # the manager's method

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("accounts.view_user")


@admin.register(User)
class UserAdmin(IndexedSearchAdmin, BaseUserAdmin):
    found = staticmethod(found_by_staff)
    search_help_text = "Beginnings of words of the name, the beginning of an e-mail address, or an id"
    form, add_form = ChangeUserForm, AddUserForm
    list_display = ("email", "shown_name", "role", "is_blocked", "is_active", "is_staff", "created_at")
    list_filter = (RoleFilter, "is_blocked", "is_active", "is_staff")
    ordering = ("-created_at",)
    readonly_fields = ("id", "created_at", "last_login", "password_form")
    inlines: ClassVar = [LoginSessionInline]
    actions = ("block", "unblock", "end_sessions")
    fieldsets = (
        (None, {"fields": ("id", "email", "name", "role", "findable", "password_form")}),
        ("Access", {"fields": ("is_blocked", "is_active", *SUPERUSER_ONLY)}),
        ("Dates", {"fields": ("created_at", "last_login")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "name", "role", "usable_password", "password1", "password2"),
            },
        ),
    )

    @admin.display(description="name", ordering="name")
    def shown_name(self, user: User) -> str:
        return format_html("<bdi>{}</bdi>", user.name)

    @admin.display(description="password")
    def password_form(self, user: User) -> str:
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a href="{}">Set a new password</a>', address)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        if request.user.is_superuser:
            return self.readonly_fields
        return (*self.readonly_fields, *SUPERUSER_ONLY)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        return self.inlines if obj else []

    # --- Permissions ---

    def _is_out_of_reach(self, request: HttpRequest, user: User | None) -> bool:
        if user is None:
            return False
        return user.pk == SYSTEM_USER_ID or (user.is_superuser and not request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and not self._is_out_of_reach(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not self._is_out_of_reach(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:  # one by one, because `User.delete` also ends the login sessions
            user.delete()

    # --- Actions ---

    @admin.action(description="Block", permissions=["change"])
    def block(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, services.block, "blocked")

    @admin.action(description="Unblock", permissions=["change"])
    def unblock(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, services.unblock, "unblocked")

    @admin.action(description="End all sessions", permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._each(request, queryset, end_sessions_of, "logged out everywhere")

    def _each(self, request: HttpRequest, queryset: QuerySet[User], do: Any, done: str) -> None:
        users = [user for user in queryset if self.has_change_permission(request, user)]
        for user in users:
            do(user=user)
            self.log_change(request, user, done.capitalize())
        self.message_user(request, f"{len(users)} {done}.", messages.SUCCESS)

    def response_change(self, request: HttpRequest, obj: User) -> HttpResponse:
        if "_end_sessions" not in request.POST:
            return super().response_change(request, obj)
        self._each(request, User.objects.filter(pk=obj.pk), end_sessions_of, "logged out everywhere")
        return HttpResponseRedirect(request.path)


def end_sessions_of(*, user: User) -> None:
    services.end_all_sessions(user=user, reason="ended_by_staff")
