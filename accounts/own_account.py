"""What users change in their own account."""

from accounts.allowed_names import require_allowed_name
from accounts.models import User


def update_account(*, user: User, name: str | None = None, findable: bool | None = None) -> None:
    """Change the user's account; None leaves a field unchanged. Raises `Invalid` for a name that nobody can take."""
    changes = {"name": name, "findable": findable}
    changed = [field for field, value in changes.items() if value is not None and value != getattr(user, field)]
    if "name" in changed:
        require_allowed_name(str(name))
    for field in changed:
        setattr(user, field, changes[field])
    if changed:
        user.save(update_fields=changed)
