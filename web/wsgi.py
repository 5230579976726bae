"""The application, set up by its environment: ``gunicorn -c python:web.gunicorn_conf web.wsgi:app``."""

from web import logs
from web.app import create_app
from web.settings import from_environment

settings = from_environment(dev=False)
logs.configure(settings)
app = create_app(settings)
