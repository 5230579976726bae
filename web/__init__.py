"""The door for browsers and the team server: a Flask application over the floors below (``web.app.create_app``)."""
