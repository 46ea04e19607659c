from django.apps import AppConfig
from django.contrib.admin import apps


class ConfigConfig(AppConfig):
    name = "config"


class AdminConfig(apps.AdminConfig):
    default_site = "config.admin.Site"
