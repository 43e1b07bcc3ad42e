"""Prints a line for each task: "ok - ..." or "not ok - ...". WALK_CHANGES says "some" or "none"."""

import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: lines
type: stdout
short_description: a line for each task
description: a line for each task that did what it should
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "lines"

    def say(self, word, result, why=""):
        line = f"{word} - {os.environ['WALK_NAME']}: {result.task_name}{why}"
        self._display.display(line.replace("\n", " | "))

    def v2_runner_on_ok(self, result):
        if os.environ["WALK_CHANGES"] == "none" and result.result.get("changed"):
            self.say("not ok", result, ": changed again")
        else:
            self.say("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        shown = result.result
        self.say("not ok", result, f": {shown.get('msg')} {shown.get('failure', '')}")
