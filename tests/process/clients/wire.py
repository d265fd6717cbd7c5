"""The client protocol of 3.8.0, by hand: requests as bytes, wrong ones too; replies decoded, and masked for comparing.

A mask keeps every byte of a reply but those that two servers cannot have in common: a zxid counts from a base, a time is
only there or not, a session is known by its number.
"""
import hashlib
import base64
import struct
import time

NAMES = {1: 'create', 2: 'delete', 3: 'exists', 4: 'getData', 5: 'setData', 6: 'getACL', 7: 'setACL', 8: 'getChildren',
         9: 'sync', 11: 'ping', 12: 'getChildren2', 13: 'check', 14: 'multi', 15: 'create2', 16: 'reconfig',
         17: 'checkWatches', 18: 'removeWatches', 19: 'createContainer', 20: 'deleteContainer', 21: 'createTTL',
         22: 'multiRead', 100: 'auth', 101: 'setWatches', 102: 'sasl', 103: 'getEphemerals',
         104: 'getAllChildrenNumber', 105: 'setWatches2', 106: 'addWatch', 107: 'whoAmI', -10: 'createSession',
         -11: 'closeSession'}
CODES = {name: code for code, name in NAMES.items()}
EVENTS = {1: 'created', 2: 'deleted', 3: 'data changed', 4: 'children changed'}

ANY = [(31, 'world', 'anyone')]
STAT = struct.Struct('>qqqqiiiqiiq')
HEADER = struct.Struct('>iqi')
INT = struct.Struct('>i')


# ---- encode ------------------------------------------------------------------------------------

def boolean(value):
    return b'\x01' if value else b'\x00'


def integer(value):
    return struct.pack('>I', value & 0xffffffff)


def long(value):
    return struct.pack('>Q', value & (1 << 64) - 1)


def buffer(value):
    return integer(-1) if value is None else integer(len(value)) + value


def string(value):
    return buffer(value if value is None or isinstance(value, bytes) else value.encode('utf-8', 'surrogatepass'))


def vector(values, encode=string):
    return integer(-1) if values is None else integer(len(values)) + b''.join(encode(v) for v in values)


def acls(values):
    return vector(values, lambda a: integer(a[0]) + string(a[1]) + string(a[2]))


def create(path, data=b'', acl=ANY, flags=0):
    return string(path) + buffer(data) + acls(acl) + integer(flags)


def multi_header(code, done=False, err=-1):
    return integer(code) + boolean(done) + integer(err)


def multi(*operations):
    return b''.join(multi_header(code) + body for code, body in operations) + multi_header(-1, True, -1)


def frame(body):
    return integer(len(body)) + body


def request(xid, code, body=b''):
    return frame(integer(xid) + integer(code) + body)


def connect_request(timeout=30000, session=0, password=bytes(16), zxid=0, read_only=False, version=0):
    """read_only None: the byte is not there, as with clients before 3.4."""
    return frame(integer(version) + long(zxid) + integer(timeout) + long(session) + buffer(password) +
                 (b'' if read_only is None else boolean(read_only)))


def digest_id(user_and_password):
    user = user_and_password.split(':', 1)[0]
    return user + ':' + base64.b64encode(hashlib.sha1(user_and_password.encode()).digest()).decode()


def password_of(session):
    """What a server derives from the id of a session."""
    seed, out = (session ^ 0xB3415C00 ^ 0x5DEECE66D) & (1 << 48) - 1, b''
    for _ in range(4):
        seed = (seed * 0x5DEECE66D + 0xB) & (1 << 48) - 1
        out += struct.pack('<I', seed >> 16)
    return out


# ---- decode ------------------------------------------------------------------------------------

class Reader:
    """Reads one record; EOFError when it is too short."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, count):
        if count < 0 or self.at + count > len(self.data):
            raise EOFError('%d bytes wanted at %d of %d' % (count, self.at, len(self.data)))
        self.at += count
        return self.data[self.at - count:self.at]

    def left(self):
        return len(self.data) - self.at

    def boolean(self):
        return self.take(1) != b'\0'

    def integer(self):
        return struct.unpack('>i', self.take(4))[0]

    def long(self):
        return struct.unpack('>q', self.take(8))[0]

    def buffer(self):
        count = self.integer()
        return None if count == -1 else bytes(self.take(count))

    def string(self):
        data = self.buffer()
        return None if data is None else data.decode('utf-8', 'backslashreplace')

    def vector(self, read):
        count = self.integer()
        if count > self.left():
            raise EOFError('%d elements wanted, %d bytes are left' % (count, self.left()))
        return None if count == -1 else [read() for _ in range(count)]

    def acls(self):
        return self.vector(lambda: (self.integer(), self.string(), self.string()))

    def stat(self):
        names = 'czxid mzxid ctime mtime version cversion aversion owner length children pzxid'.split()
        return dict(zip(names, STAT.unpack(self.take(68))))

    def create(self):
        return self.string(), self.buffer(), self.acls(), self.integer()

    def operations(self):
        out = []
        while True:
            code, done, _ = self.integer(), self.boolean(), self.integer()
            if done:
                return out
            out.append((NAMES.get(code, code), request_body(code, self)))

    def results(self):
        """The results of a multi; each Stat is passed to seen(offset)."""
        out = []
        while True:
            code, done, err = self.integer(), self.boolean(), self.integer()
            if done:
                return out
            out.append((NAMES.get(code, code), err, self.result(code)))

    def result(self, code):
        if code == 1:
            return self.string()
        if code == 15:
            return self.string(), self.stat()
        if code == 5:
            return self.stat()
        if code == 8:
            return self.vector(self.string)
        if code == 4:
            return self.buffer(), self.stat()
        if code == -1:
            return self.integer()
        if code in (2, 13):
            return None
        raise EOFError('result of type %d' % code)


def request_body(code, r):
    """Decodes the body of a request; what cannot be decoded is shown as hex."""
    if code in (1, 15, 19):
        return r.create()
    if code == 21:
        return r.create() + (r.long(),)
    if code in (2, 13):
        return r.string(), r.integer()
    if code in (3, 4, 8, 12):
        return r.string(), r.boolean()
    if code == 5:
        return r.string(), r.buffer(), r.integer()
    if code in (6, 9, 103, 104):
        return r.string()
    if code == 7:
        return r.string(), r.acls(), r.integer()
    if code in (14, 22):
        return r.operations()
    if code in (17, 18, 106):
        return r.string(), r.integer()
    if code == 100:
        return r.integer(), r.string(), r.buffer()
    if code in (101, 105):
        return (r.long(),) + tuple(r.vector(r.string) for _ in range(3 if code == 101 else 5))
    if code == 16:
        return r.string(), r.string(), r.string(), r.long()
    return bytes(r.take(r.left()))


def describe_request(code, body):
    r = Reader(body)
    try:
        text = '%r' % (request_body(code, r),)
    except EOFError as error:
        return '%s (%s) %s' % (NAMES.get(code, code), error, short(body.hex()))
    return '%s %s%s' % (NAMES.get(code, code), short(text), ' + %s' % short(body[r.at:].hex()) if r.left() else '')


def short(text, limit=400):
    return text if len(text) <= limit else '%s... (%d characters)' % (text[:limit], len(text))


def describe_reply(code, data):
    """data: the body of the frame with header, masked or not."""
    if data is None:
        return 'no answer'
    if isinstance(data, str):
        return data
    if len(data) < 16:
        return 'a frame of %d bytes: %s' % (len(data), data.hex())
    xid, zxid, err = HEADER.unpack_from(data)
    r = Reader(data, 16)
    try:
        if xid == -1:
            kind, state, path = r.integer(), r.integer(), r.string()
            return 'event %s %s%s' % (EVENTS.get(kind, kind), path, '' if state == 3 else ' state %d' % state)
        value = reply_body(code, r) if r.left() else ''
    except EOFError as error:
        value = '(%s) %s' % (error, data[16:].hex())
    return 'xid %d zxid %d err %d %s%s' % (xid, zxid, err, short('%s' % (value,)),
                                           ' + %s' % short(data[r.at:].hex()) if r.left() else '')


def reply_body(code, r):
    if code in (1, 9):
        return r.string()
    if code in (15, 19, 21):
        return r.string(), r.stat()
    if code in (3, 5, 7):
        return r.stat()
    if code in (4, 16):
        return r.buffer(), r.stat()
    if code == 6:
        return r.acls(), r.stat()
    if code in (8, 103):
        return r.vector(r.string)
    if code == 12:
        return r.vector(r.string), r.stat()
    if code in (14, 22):
        return r.results()
    if code in (104, 106):
        return r.integer()
    if code == 107:
        return r.vector(lambda: (r.string(), r.string()))
    return bytes(r.take(r.left())).hex()


# ---- mask --------------------------------------------------------------------------------------

class Masker:
    """What one server's replies are measured by: where zxids count from, and which sessions it has given."""

    def __init__(self):
        self.base = 0
        self.sessions = {}
        self.words = []  # (bytes that only this server says, what stands for them)

    def zxid(self, value):
        return value - self.base if value > 0 else value

    def stat(self, out, at):
        s = list(STAT.unpack_from(out, at))
        now = time.time() * 1000
        for i in (0, 1, 10):
            s[i] = self.zxid(s[i])
        for i in (2, 3):
            s[i] = 0 if s[i] == 0 else 1 if abs(now - s[i]) < 86400000 else s[i]
        s[7] = self.sessions.get(s[7], self.owner(s[7]))
        STAT.pack_into(out, at, *s)

    @staticmethod
    def owner(value):
        """Of an ephemeral node that a session of an earlier round has left: which server gave the id, and which of its
        ids it was. The bits between are the time at which the server began. TTLs and containers are negative."""
        return value >> 56 << 16 | value & 0xffff if value > 0 else value

    def mask(self, code, data):
        """data: a frame's body. Returns it masked."""
        if len(data) < 16:
            return data
        if self.words:
            for word, stand_in in self.words:
                if word in data:
                    data = data.replace(word, stand_in)
        out = bytearray(data)
        xid, zxid, err = HEADER.unpack_from(out)
        HEADER.pack_into(out, 0, xid, self.zxid(zxid), err)
        if xid == -1 or len(out) == 16:
            return bytes(out)
        try:
            if code in (3, 5, 7):
                if len(out) == 84:
                    self.stat(out, 16)
            elif code in (4, 6, 12, 15, 16, 19, 21):
                if len(out) >= 84:
                    self.stat(out, len(out) - 68)  # the Stat comes last in each of them
            elif code in (14, 22):
                self.results(out)
        except (EOFError, struct.error):
            pass  # a body of another shape is compared as it is
        return bytes(out)

    def results(self, out):
        r = Reader(out, 16)
        while r.left():
            code, done = r.integer(), r.boolean()
            r.integer()
            if done:
                return
            r.result(code)
            if code in (4, 5, 15):
                self.stat(out, r.at - 68)
