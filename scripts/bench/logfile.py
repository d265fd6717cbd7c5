"""What a peer's log tells of its life. C and Java write the same words in the same layout: one reader serves both."""

import calendar
import re
import time

LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) \[myid:(\d*)\] - [A-Z]+ +\[.*?@\d+\] - (.*)")
STATE = "Peer state changed: "
NOTIFICATION = "Notification: "
SENDER = re.compile(r"n\.sid:(-?\d+)")
TOOK = re.compile(r"(?:LEADING|FOLLOWING) - LEADER ELECTION TOOK - (\d+) MS")


class LogFile:
    """A log that grows. Times are the wall clock's, in ms, whole as the stamps are."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.rest = ""
        self.stamp = {}  # the second that was parsed last
        self.states = []  # (time, "looking" | "following" | "leading - broadcast" | ...)
        self.heard = []  # times at which a notification of another peer came in
        self.took = []  # (time, ms of the election in the peer's own words)

    @property
    def state(self):
        return self.states[-1][1] if self.states else None

    def read(self):
        """Takes in what was written since."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                new = file.read()
        except FileNotFoundError:
            return
        if not new:
            return
        self.offset += len(new)
        *lines, self.rest = (self.rest + new.decode("utf-8", "replace")).split("\n")
        for line in lines:
            if STATE in line or NOTIFICATION in line or " ELECTION TOOK " in line:
                self.take(LINE.match(line))

    def take(self, match):
        if match is None:
            return
        second, millisecond, myid, text = match.groups()
        if second not in self.stamp:
            self.stamp = {second: calendar.timegm(time.strptime(second, "%Y-%m-%d %H:%M:%S")) * 1000}
        moment = self.stamp[second] + int(millisecond)
        if text.startswith(STATE):
            self.states.append((moment, text[len(STATE):]))
        elif took := TOOK.match(text):
            self.took.append((moment, int(took.group(1))))
        elif text.startswith(NOTIFICATION) and (sender := SENDER.search(text)) and sender.group(1) != myid:
            self.heard.append(moment)

    def first(self, state, since):
        """When it first was in this state; a stamp has lost its fraction, so a whole ms before counts."""
        return next((moment for moment, name in self.states if moment >= int(since) and name == state), None)

    def left(self, since):
        """When it gave its role up."""
        return self.first("looking", since)

    def serving(self, since):
        """When it began to serve in the state that it is in now; None: it does not, or has from before."""
        moment, state = self.states[-1] if self.states else (0, "")
        return moment if state.endswith(" - broadcast") and moment >= int(since) else None

    def decided(self, since):
        """When it took up the role that it has now."""
        moments = [moment for moment, name in self.states if moment >= int(since) and name in ("leading", "following")]
        return moments[-1] if moments else None

    def heard_between(self, since, until):
        return sum(since <= moment <= until for moment in self.heard)

    def took_since(self, since):
        return [ms for moment, ms in self.took if moment >= int(since)]
