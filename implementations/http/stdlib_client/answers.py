"""Answers to requests: an answer that is an error is raised."""

from http.client import HTTPException


def answer(connection):
    response = connection.getresponse()
    if response.status >= 400:
        raise HTTPException(f"{response.status} {response.reason}")
    return response
