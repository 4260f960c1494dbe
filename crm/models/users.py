"""People who log in."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

MANAGE_SETTINGS = "crm.manage_settings"
EDIT_COMPANY = "crm.change_company"


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail address."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new user. `email` is stored in lower case; without `password` the user cannot log in yet."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A user who may do everything, Django's admin included."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """The user with this e-mail address, whatever its case."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractUser):
    """A person who uses Havn. Never deleted, only deactivated (S5)."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("Same as the computer")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    username = None
    email = models.EmailField(_("email address"), unique=True, error_messages={"unique": _("Another user already has this email address")})
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default=settings.LANGUAGE_CODE)
    theme = models.CharField(_("appearance"), max_length=10, choices=Theme, default=Theme.SYSTEM)
    is_available = models.BooleanField(_("receives new leads"), default=True)

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
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

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
