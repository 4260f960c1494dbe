"""People who log in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth import load_backend
from django.contrib.auth.models import AbstractUser, BaseUserManager, Group
from django.db import models, router, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from crm.apps import ADMINISTRATOR, SALESPERSON
from crm.models.rights import EDIT_COMPANY, MANAGE_SETTINGS, lock_rights, watching
from crm.text import fold


class UserQuerySet(models.QuerySet["User"]):
    """Users; a bulk write of what the settings log keeps of them is watched like a single one."""

    def active(self, *, include: int | None = None) -> Self:
        """Users who can be chosen; `include` (a pk) stays, for a record that already has them."""
        return self.filter(models.Q(is_active=True) | models.Q(pk=include) if include else models.Q(is_active=True))

    def search(self, text: str) -> Self:
        """Users whose name or e-mail address holds every word of `text`. One statement more; none where nothing was typed.

        In Python: SQLite does not know that Ø is ø, and an organisation has no more users than that.
        """
        words = fold(text).split()
        if not words:
            return self
        texts = [(pk, fold(" ".join(parts))) for pk, *parts in self.values_list("pk", "first_name", "last_name", "email")]
        return self.filter(pk__in=[pk for pk, text in texts if all(word in text for word in words)])

    def who_may(self, permission: str) -> Self:
        """Active users with this permission ("crm.change_company"), superusers among them."""
        backend = load_backend(settings.AUTHENTICATION_BACKENDS[0])  # Django's own, which cannot be imported before this model
        return self.filter(pk__in=backend.with_perm(permission).order_by().values("pk"))

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        objs = list(objs)
        for user in objs:
            user.email = user.email.strip().lower()
        return super().bulk_create(objs, *args, **kwargs)

    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], *args: Any, **kwargs: Any) -> int:
        objs, names = list(objs), list(fields)
        for user in objs if "email" in names else []:
            user.email = user.email.strip().lower()
        with transaction.atomic(using=self.db):  # Django's own has no savepoint; what is refused must leave the caller's transaction usable
            return super().bulk_update(objs, names, *args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        """As Django's; costs a dozen statements more where it may change somebody's rights. Raises LastAdministrator."""
        if "email" in kwargs:
            email = kwargs["email"]
            kwargs["email"] = email.strip().lower() if isinstance(email, str) else Lower(email)
        if self.model.WATCHED.isdisjoint(kwargs) or self.query.is_sliced:
            return super().update(**kwargs)
        with transaction.atomic(using=self.db):
            lock_rights(self.db)
            pks = list(self.order_by().values_list("pk", flat=True))
            with watching(pks, using=self.db):
                return models.QuerySet.update(self.filter(pk__in=pks), **kwargs)

    update.alters_data = True


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    """Creates users by e-mail address."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new user. `email` is stored in lower case; without `password` the user cannot log in yet."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A user who may do everything, Django's admin included."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        """The user with this e-mail address, whatever its case."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractUser):
    """A person who uses Havn. Never deleted, only deactivated (S5)."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("Same as the computer")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    class Role(models.TextChoices):
        """What a person may do, as the screens call it: which of the two groups they are in."""

        ADMINISTRATOR = "administrator", _("Administrator")
        SALESPERSON = "salesperson", _("Salesperson")

    GROUPS: ClassVar[dict[str, str]] = {Role.ADMINISTRATOR: ADMINISTRATOR, Role.SALESPERSON: SALESPERSON}
    KEPT = ("first_name", "last_name", "email", "language", "is_available", "is_active", "is_superuser", "is_staff")  # in the settings log, and rights
    WATCHED = frozenset({"first_name", "last_name", "email", "is_available", "is_active", "is_superuser", "is_staff"})  # whose writes are looked at

    username = None
    email = models.EmailField(_("email address"), unique=True, error_messages={"unique": _("Another user already has this email address")})
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    theme = models.CharField(_("appearance"), max_length=10, choices=Theme, default=Theme.SYSTEM)
    is_available = models.BooleanField(_("receives new leads"), default=True)
    deactivated_at = models.DateTimeField(_("last deactivated"), null=True, blank=True, editable=False)
    links_made = models.PositiveIntegerField(_("password links made"), default=0, editable=False)  # only the last one works (crm/links.py)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["first_name", "last_name", "pk"]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        """As Django's. What the settings log keeps is watched: a dozen statements more. Raises LastAdministrator."""
        self.email = self.email.strip().lower()
        names = kwargs.get("update_fields")
        if self._state.adding or (names is not None and self.WATCHED.isdisjoint(names)):
            super().save(*args, **kwargs)
            return
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        row = models.QuerySet(type(self), using=using).filter(pk=self.pk).values_list("deactivated_at", "links_made")
        with watching([self.pk], using=using):
            self.deactivated_at, self.links_made = row.first() or (None, 0)  # not theirs: an older instance would open old sessions and links again
            super().save(*args, **kwargs)
        self.deactivated_at, self.links_made = row.first() or (None, 0)

    save.alters_data = True

    def kept(self) -> dict[str, Any]:
        """What the settings log keeps of a user. Two statements, unless groups and permissions are prefetched."""
        own = sorted(permission.codename for permission in self.user_permissions.all())
        return {**{name: getattr(self, name) for name in self.KEPT}, "role": self.role, "permissions": own}

    @property
    def role(self) -> str:
        """Administrator, salesperson, or nothing for a user whose rights were put together in Django's admin."""
        names = {group.name for group in self.groups.all()}
        if self.is_superuser or ADMINISTRATOR in names:
            return self.Role.ADMINISTRATOR
        return self.Role.SALESPERSON if SALESPERSON in names else ""

    @property
    def role_label(self) -> str:
        """The role in the reader's language."""
        return str(self.Role(self.role).label) if self.role else ""

    def give_role(self, role: str) -> None:
        """Put the user into the group of this role, and out of the other's. Call it inside `watching()`, and save the user after it.

        A salesperson is no superuser and does not open Django's admin. Other groups stay.
        """
        if role == self.role:
            return
        groups = {group.name: group for group in Group.objects.filter(name__in=self.GROUPS.values())}
        self.groups.remove(*groups.values())
        self.groups.add(groups[self.GROUPS[role]])
        if role != self.Role.ADMINISTRATOR:
            self.is_superuser = self.is_staff = False

    def get_session_auth_hash(self) -> str:
        """As Django's, so that a new password ends every session; being deactivated does, too."""
        return super().get_session_auth_hash() + self._last_exit()

    def get_session_auth_fallback_hash(self) -> Any:
        for known in super().get_session_auth_fallback_hash():
            yield known + self._last_exit()

    def _last_exit(self) -> str:
        return self.deactivated_at.isoformat() if self.deactivated_at else ""

    @property
    def initials(self) -> str:
        """Up to two letters for an avatar."""
        return (self.first_name[:1] + self.last_name[:1]) or self.email[:2]

    @property
    def is_administrator(self) -> bool:
        """May open *Settings and maintenance* and decide every suggestion."""
        return self.is_active and self.has_perm(MANAGE_SETTINGS)

    @property
    def may_edit_companies(self) -> bool:
        """May change a company, its category included (C7)."""
        return self.is_active and self.has_perm(EDIT_COMPANY)
