"""Django's commands for this site."""

import os
import sys

from django.core.management import execute_from_command_line

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dh_settings")
execute_from_command_line(sys.argv)
