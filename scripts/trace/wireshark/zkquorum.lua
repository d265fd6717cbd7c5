-- What ZooKeeper's servers say to each other and to clients, for Wireshark and tshark 4.0 and later.
--
--   zkelection   the election port (3888 by convention): who shall lead
--   zkquorum     the quorum port (2888 by convention): leader and learners
--   zkclient     the client port (2181 by convention): headers, paths and events; bodies as bytes, passwords not at all
--
-- Install:  scripts/trace/film.sh --install   (or copy this file into the folder that Help > About > Folders calls
--           "Personal Lua Plugins")
-- By hand:  tshark -X lua_script:zkquorum.lua -o zkelection.ports:3888 -o zkquorum.ports:2888 -r FILE
--
-- Connections on other ports are known by their first message, if the capture has it. TLS and SASL are not read.
--
-- Two things make these protocols hard to read without memory. Neither numbers its messages, yet a message can only be
-- found again at the other end by its number: we count them, per direction, and show the number as a field. And after
-- SNAP comes a whole tree without any length: only who reads all of it knows where it ends. A search for the closing
-- word would find it in somebody's data, too.
--
-- Wireshark asks for a packet again whenever somebody clicks on it. What was found the first time, in the order of the
-- capture, is therefore kept as "steps" and repeated: see follow().

local loaded_before, loaded = pcall(Dissector.get, "zkelection")
if loaded_before and loaded then
    return -- it is installed, and was given with -X as well
end

local STATES = { [0] = "LOOKING", "FOLLOWING", "LEADING", "OBSERVING" }
local PACKETS = {
    "REQUEST", "PROPOSAL", "ACK", "COMMIT", "PING", "REVALIDATE", "SYNC", "INFORM", "COMMITANDACTIVATE", "NEWLEADER",
    "FOLLOWERINFO", "UPTODATE", "DIFF", "TRUNC", "SNAP", "OBSERVERINFO", "LEADERINFO", "ACKEPOCH", "INFORMANDACTIVATE",
}
local REQUEST, PROPOSAL, PING, REVALIDATE, INFORM, COMMITANDACTIVATE, NEWLEADER = 1, 2, 5, 6, 8, 9, 10
local FOLLOWERINFO, SNAP, OBSERVERINFO, LEADERINFO, ACKEPOCH, INFORMANDACTIVATE = 11, 15, 16, 17, 18, 19

local MAX_ADDRESSES = 2048      -- Java: InitialMessage.parse()
local MAX_NOTIFICATION = 524288 -- Java: QuorumCnxManager.PACKETMAXSIZE
local MAX_RECORD = 0x4000000    -- jute.maxbuffer is 1 MiB unless set; nobody sets it beyond 64
local MAX_PATHS_SHOWN = 100     -- of a snapshot
local SIGNATURE = "BenWasHere"

local MORE = { wait = true } -- a step, see take_step()

local tcp_stream = Field.new("tcp.stream")

-- ---- memory ---------------------------------------------------------------------------------------------------------

local connections = {} -- by number of the TCP stream
local steps_of = {}    -- by number of the frame

local function forget_everything()
    connections = {}
    steps_of = {}
end

-- The connection of this packet, and its direction: `next` is the number of the message to come (0 until the first one
-- has shown whether it is an initial message), `lost` the frame from which on nothing makes sense.
local function recall(pinfo)
    local stream = tcp_stream()
    local key = stream and stream.value or "none"
    local connection = connections[key] or { directions = {} }
    connections[key] = connection
    local from = tostring(pinfo.src) .. " " .. pinfo.src_port
    local direction = connection.directions[from] or { next = 0 }
    connection.directions[from] = direction
    return connection, direction
end

-- One look at the bytes from `offset` on. A step is one of
--   {size=, number=, ...}   a message
--   MORE                    more bytes are needed. How many is never said, even where it is known: Wireshark would cut
--                           the segments into such pieces, and find other pieces when it looks again
--   {lost=}                 why this and all that follows is no message
local function take_step(tvb, offset, direction, frame, measure)
    if direction.lost then
        return { lost = "what follows a malformed message (frame " .. direction.lost .. ")", follows = true }
    end
    local step = measure(tvb, offset, direction)
    if step.lost then
        direction.lost = frame
    elseif step.size then
        step.number = step.initial and 0 or math.max(direction.next, 1)
        direction.next = step.number + 1
    end
    return step
end

local function remembered_step(memory)
    local step = memory.steps[memory.at]
    memory.at = memory.at % #memory.steps + 1
    return step
end

-- What a message that is none is shown as.
local function show_rest(tvb, pinfo, tree, step, port)
    local rest = tree:add(port.protocol, tvb)
    if step.wait then
        rest:add_proto_expert_info(port.cut)
        pinfo.cols.info:append("[cut off] ")
    else
        rest:add_proto_expert_info(step.follows and port.follows or port.malformed, step.lost)
        pinfo.cols.info:append("[malformed: " .. step.lost .. "] ")
    end
end

-- Shows all messages that begin in these bytes, and asks for more if the last one is not whole. `port` is what the two
-- protocols differ in: protocol, measure, show, and their expert notes.
local function follow(tvb, pinfo, tree, port)
    local connection, direction = recall(pinfo)
    local memory = steps_of[pinfo.number] or { steps = {}, at = 1 }
    local again = pinfo.visited and #memory.steps > 0
    steps_of[pinfo.number] = memory
    pinfo.cols.protocol = port.protocol.name
    pinfo.cols.info:clear()
    local offset = 0
    while offset < tvb:len() do
        local step
        if again then
            step = remembered_step(memory)
        else
            step = take_step(tvb, offset, direction, pinfo.number, port.measure)
            table.insert(memory.steps, step)
        end
        if step.wait and pinfo.can_desegment > 0 then
            pinfo.desegment_offset = offset
            pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
            break
        elseif not step.size then
            show_rest(tvb(offset), pinfo, tree, step, port)
            break
        end
        port.show(tvb(offset, step.size):tvb(), pinfo, tree, step, connection)
        offset = offset + step.size
    end
    pinfo.cols.info:fence()
    return tvb:len()
end

-- ---- reading --------------------------------------------------------------------------------------------------------

-- A cursor over one message; each add() shows the next field.
local function cursor(tvb, tree)
    local self = { at = 0, left = tvb:len() }
    function self.skip(size)
        self.at = self.at + size
        self.left = self.left - size
    end
    function self.add(field, size)
        local range = tvb(self.at, size)
        local item = tree:add(field, range)
        self.skip(size)
        return range, item
    end
    -- The same, and the cursor stays.
    function self.add_ahead(field, size)
        tree:add(field, tvb(self.at, size))
    end
    function self.peek()
        return tvb(self.at, 4):int()
    end
    return self
end

local function hex(range)
    local text = range:bytes():tohex(true):gsub("^0+", "")
    return "0x" .. (text == "" and "0" or text)
end

local function decimal(range)
    return tostring(range:len() == 4 and range:int() or range:int64())
end

-- ---- zkelection -----------------------------------------------------------------------------------------------------

local election = Proto("zkelection", "ZooKeeper leader election")
local e = {
    number = ProtoField.uint32("zkelection.number", "Number in this direction"),
    dialler = ProtoField.int64("zkelection.dialler", "Dialled by server"),
    version = ProtoField.int64("zkelection.protocol", "Protocol version"),
    sid = ProtoField.int64("zkelection.sid", "Server id"),
    length = ProtoField.int32("zkelection.length", "Length"),
    addresses = ProtoField.string("zkelection.addresses", "Election addresses"),
    state = ProtoField.int32("zkelection.state", "State of the sender", base.DEC, STATES),
    leader = ProtoField.int64("zkelection.leader", "Leader it votes for"),
    zxid = ProtoField.uint64("zkelection.zxid", "Last zxid of that server", base.HEX),
    round = ProtoField.int64("zkelection.round", "Round (electionEpoch)"),
    epoch = ProtoField.int64("zkelection.epoch", "Epoch of that server (peerEpoch)"),
    format = ProtoField.int32("zkelection.version", "Version"),
    config_length = ProtoField.int32("zkelection.config_length", "Length of the configuration"),
    config = ProtoField.string("zkelection.config", "Configuration"),
}
election.fields = e
local e_malformed = ProtoExpert.new("zkelection.malformed", "Malformed message",
    expert.group.MALFORMED, expert.severity.ERROR)
local e_cut = ProtoExpert.new("zkelection.cut", "The capture lacks the rest",
    expert.group.REASSEMBLE, expert.severity.WARN)
local e_follows = ProtoExpert.new("zkelection.undecoded", "Not decoded",
    expert.group.UNDECODED, expert.severity.NOTE)
local e_odd = ProtoExpert.new("zkelection.odd", "A receiver will not read this",
    expert.group.PROTOCOL, expert.severity.WARN)
election.experts = { e_malformed, e_cut, e_follows, e_odd }
election.prefs.ports = Pref.range("Election ports", "3888", "TCP ports on which servers elect", 65535)

local function measure_initial(tvb, offset, left)
    if left < 20 then
        return MORE
    end
    local length = tvb(offset + 16, 4):int()
    local low = tvb(offset + 4, 4):uint()
    if low ~= 0xffff0000 and low ~= 0xffff0001 then
        return { lost = "no protocol version of an initial message" }
    elseif length < 1 or length > MAX_ADDRESSES then
        return { lost = "addresses of " .. length .. " bytes" }
    elseif left < 20 + length then
        return MORE
    end
    return { size = 20 + length, initial = true }
end

local function measure_election(tvb, offset, direction)
    local left = tvb:len() - offset
    if left < 4 then
        return MORE
    end
    local length = tvb(offset, 4):int()
    if direction.next == 0 and length == -1 then
        return measure_initial(tvb, offset, left)
    elseif direction.next == 0 and length == 0 then -- a sid and nothing else: a server older than 3.5
        if left < 8 then
            return MORE
        end
        return { size = 8, initial = true, bare = true }
    elseif length < 1 or length > MAX_NOTIFICATION then
        return { lost = "a notification of " .. length .. " bytes" }
    elseif left < 4 + length then
        return MORE
    end
    return { size = 4 + length }
end

local function show_initial(tvb, pinfo, item, step, connection)
    local read = cursor(tvb, item)
    if not step.bare then
        read.add(e.version, 8)
    end
    local sid = read.add(e.sid, 8)
    connection.dialler = sid:int64()
    item:append_text(", INITIAL of server " .. decimal(sid))
    pinfo.cols.info:append("INITIAL server " .. decimal(sid) .. " ")
    if not step.bare then
        read.add(e.length, 4)
        pinfo.cols.info:append(read.add(e.addresses, read.left):string() .. " ")
    end
end

-- What follows peerEpoch. Java reads it in the same odd order: 28 bytes are the oldest form, and in 40 bytes there is a
-- version that nobody looks at.
local function show_configuration(read, item)
    if read.left < 4 then
        return false
    end
    local version = read.add(e.format, 4):int()
    if version < 2 then
        return true
    elseif read.left < 4 then
        return false
    end
    local length = read.add(e.config_length, 4):int()
    if length < 0 or length > read.left then
        return false
    end
    if length > 0 then
        read.add(e.config, length)
    end
    return true
end

local function show_notification(tvb, pinfo, item)
    local read = cursor(tvb, item)
    local length = read.add(e.length, 4):int()
    if length < 28 then
        item:add_proto_expert_info(e_odd, "shorter than any notification")
        pinfo.cols.info:append("NOTIFICATION [too short] ")
        return
    end
    local state = read.add(e.state, 4):int()
    local leader = read.add(e.leader, 8)
    local zxid = read.add(e.zxid, 8)
    local round = read.add(e.round, 8)
    local epoch = nil
    local whole = length == 28
    if length >= 36 then
        epoch = read.add(e.epoch, 8)
        if length == 40 then
            read.add(e.format, 4)
            whole = true
        else
            whole = show_configuration(read, item)
        end
    end
    if not whole then
        item:add_proto_expert_info(e_odd, "a field or the configuration does not fit into the length")
    end
    local text = string.format("%s leader=%s zxid=%s round=%s epoch=%s", STATES[state] or state, decimal(leader),
        hex(zxid), decimal(round), epoch and decimal(epoch) or "-")
    item:append_text(", " .. text)
    pinfo.cols.info:append("NOTIFICATION " .. text .. (whole and " " or " [odd] "))
end

local function show_election(tvb, pinfo, tree, step, connection)
    local item = tree:add(election, tvb())
    item:add(e.number, step.number):set_generated()
    if step.initial then
        show_initial(tvb, pinfo, item, step, connection)
    else
        show_notification(tvb, pinfo, item)
    end
    if connection.dialler then
        item:add(e.dialler, connection.dialler):set_generated()
    end
end

local election_port = {
    protocol = election,
    measure = measure_election,
    show = show_election,
    malformed = e_malformed,
    cut = e_cut,
    follows = e_follows,
}

function election.dissector(tvb, pinfo, tree)
    return follow(tvb, pinfo, tree, election_port)
end

-- ---- zkquorum -------------------------------------------------------------------------------------------------------

local quorum = Proto("zkquorum", "ZooKeeper quorum (Zab)")
local q = {
    number = ProtoField.uint32("zkquorum.number", "Number in this direction"),
    learner = ProtoField.int64("zkquorum.learner", "The learner is server"),
    type = ProtoField.int32("zkquorum.type", "Type", base.DEC, PACKETS),
    zxid = ProtoField.uint64("zkquorum.zxid", "zxid", base.HEX),
    data_length = ProtoField.int32("zkquorum.data_length", "Length of the data (-1: none)"),
    data = ProtoField.bytes("zkquorum.data", "Data"),
    authinfo = ProtoField.int32("zkquorum.authinfo", "Authentications (-1: none)"),
    scheme = ProtoField.string("zkquorum.authinfo.scheme", "Scheme"),
    id = ProtoField.bytes("zkquorum.authinfo.id", "Id"),
    sid = ProtoField.int64("zkquorum.sid", "Server id"),
    version = ProtoField.uint32("zkquorum.protocol", "Protocol version", base.HEX),
    config_version = ProtoField.uint64("zkquorum.config_version", "Version of its configuration", base.HEX),
    config = ProtoField.string("zkquorum.config", "Configuration"),
    epoch = ProtoField.int32("zkquorum.current_epoch", "currentEpoch (-1: it had promised this epoch before)"),
    session = ProtoField.uint64("zkquorum.session", "Session", base.HEX),
    timeout = ProtoField.int32("zkquorum.timeout", "Timeout (ms)"),
    valid = ProtoField.bool("zkquorum.valid", "Session is valid"),
    leader = ProtoField.int64("zkquorum.leader", "Designated leader"),
    cxid = ProtoField.int32("zkquorum.cxid", "cxid"),
    opcode = ProtoField.int32("zkquorum.opcode", "Operation"),
    txn_zxid = ProtoField.uint64("zkquorum.txn.zxid", "zxid of the transaction", base.HEX),
    time = ProtoField.int64("zkquorum.txn.time", "Time (ms since 1970)"),
    rest = ProtoField.bytes("zkquorum.rest", "Rest"),
    snapshot = ProtoField.bytes("zkquorum.snapshot", "Snapshot"),
    sessions = ProtoField.int32("zkquorum.snapshot.sessions", "Sessions"),
    acls = ProtoField.int32("zkquorum.snapshot.acls", "Access control lists"),
    nodes = ProtoField.uint32("zkquorum.snapshot.nodes", "Nodes"),
    path = ProtoField.string("zkquorum.snapshot.path", "Node"),
    signature = ProtoField.string("zkquorum.snapshot.signature", "Signature"),
}
quorum.fields = q
local q_malformed = ProtoExpert.new("zkquorum.malformed", "Malformed packet",
    expert.group.MALFORMED, expert.severity.ERROR)
local q_cut = ProtoExpert.new("zkquorum.cut", "The capture lacks the rest",
    expert.group.REASSEMBLE, expert.severity.WARN)
local q_follows = ProtoExpert.new("zkquorum.undecoded", "Not decoded",
    expert.group.UNDECODED, expert.severity.NOTE)
local q_odd = ProtoExpert.new("zkquorum.odd", "Unusual packet",
    expert.group.PROTOCOL, expert.severity.WARN)
quorum.experts = { q_malformed, q_cut, q_follows, q_odd }
quorum.prefs.ports = Pref.range("Quorum ports", "2888", "TCP ports on which leaders wait for learners", 65535)

-- Reads jute from bytes that come piece by piece. It runs in a coroutine, which hands back that something is missing
-- and goes on, where it was, as soon as there is more: a large snapshot is walked once, not once a segment.
local function walker(walk)
    local source = { at = 0 }
    function source.need(size)
        while source.start + source.at + size > source.tvb:len() do
            coroutine.yield(MORE)
        end
    end
    function source.skip(size)
        source.need(size)
        source.at = source.at + size
    end
    function source.int()
        source.need(4)
        local value = source.tvb(source.start + source.at, 4):int()
        source.at = source.at + 4
        return value
    end
    function source.fail(reason)
        coroutine.yield({ lost = reason })
    end
    function source.count(what)
        local count = source.int()
        if count < -1 then
            source.fail(count .. " " .. what)
        end
        return count
    end
    -- A string or a buffer: where it begins, and its length, -1 for null.
    function source.bytes(what)
        local length = source.int()
        if length < -1 or length > MAX_RECORD then
            source.fail(what .. " of " .. length .. " bytes")
        end
        local at = source.at
        source.skip(math.max(length, 0))
        return at, length
    end
    function source.text(at, length)
        return length > 0 and source.tvb:raw(source.start + at, length) or ""
    end
    local thread = coroutine.create(function()
        coroutine.yield(walk(source))
    end)
    return function(tvb, start)
        source.tvb = tvb
        source.start = start
        local ok, step = coroutine.resume(thread)
        if not ok then
            error(step, 0)
        end
        return step
    end
end

-- The tree after SNAP, up to and including the signature. Java: SerializeUtils.serializeSnapshot()
local function walk_snapshot(source, step)
    step.snapshot_at = source.at
    step.sessions = source.count("sessions")
    for _ = 1, step.sessions do
        source.skip(12)
    end
    step.acls_at = source.at
    step.acls = source.count("access control lists")
    for _ = 1, step.acls do
        source.skip(8)
        for _ = 1, source.count("entries of an access control list") do
            source.skip(4)
            source.bytes("scheme")
            source.bytes("id")
        end
    end
    step.nodes = 0
    step.paths = {}
    while true do
        local at, length = source.bytes("path")
        if length == 1 and source.text(at, length) == "/" then
            break
        end
        step.nodes = step.nodes + 1
        if step.nodes <= MAX_PATHS_SHOWN then
            table.insert(step.paths, { at = at, length = math.max(length, 0) })
        end
        source.bytes("data of a node")
        source.skip(8 + 60) -- id of its list, and its stat
    end
    step.signature_at, step.signature_length = source.bytes("signature")
    if source.text(step.signature_at, step.signature_length) ~= SIGNATURE then
        source.fail("a snapshot that is not signed " .. SIGNATURE)
    end
end

local function walk_packet(source)
    local step = { auths = {} }
    local type = source.int()
    source.skip(8)
    step.data_at, step.data_length = source.bytes("data")
    step.auth_at = source.at
    for _ = 1, source.count("authentications") do
        local auth = {}
        auth.scheme_at, auth.scheme_length = source.bytes("scheme")
        auth.id_at, auth.id_length = source.bytes("id")
        table.insert(step.auths, auth)
    end
    if type == SNAP then
        walk_snapshot(source, step)
    end
    step.size = source.at
    return step
end

local function measure_quorum(tvb, offset, direction)
    direction.walk = direction.walk or walker(walk_packet)
    local step = direction.walk(tvb, offset)
    if not step.wait then
        direction.walk = nil
    end
    return step
end

-- The header that is in front of each transaction. Java: TxnHeader
local function show_transaction(read)
    if read.left >= 32 then
        read.add(q.session, 8)
        read.add(q.cxid, 4)
        read.add(q.txn_zxid, 8)
        read.add(q.time, 8)
        read.add(q.opcode, 4)
    end
end

local function show_sessions(read)
    while read.left >= 12 do
        read.add(q.session, 8)
        read.add(q.timeout, 4)
    end
end

local function show_revalidate(read)
    if read.left >= 8 then
        read.add(q.session, 8)
        if read.left == 4 then
            read.add(q.timeout, 4)
        elseif read.left == 1 then
            read.add(q.valid, 1)
        end
    end
end

-- Each field counts if it is there: older learners send less.
local function show_learner_info(read, connection)
    if read.left >= 8 then
        connection.learner = read.add(q.sid, 8):int64()
    end
    if read.left >= 4 then
        read.add(q.version, 4)
    end
    if read.left >= 8 then
        read.add(q.config_version, 8)
    end
end

local function show_request(read)
    if read.left >= 16 then
        read.add(q.session, 8)
        read.add(q.cxid, 4)
        read.add(q.opcode, 4)
    end
end

local function show_one(field, size)
    return function(read)
        if read.left >= size then
            read.add(field, size)
        end
    end
end

local SHOW_DATA = {
    [REQUEST] = show_request,
    [PROPOSAL] = show_transaction,
    [PING] = show_sessions,
    [REVALIDATE] = show_revalidate,
    [INFORM] = show_transaction,
    [COMMITANDACTIVATE] = show_one(q.leader, 8),
    [NEWLEADER] = function(read)
        read.add(q.config, read.left)
    end,
    [FOLLOWERINFO] = show_learner_info,
    [OBSERVERINFO] = show_learner_info,
    [LEADERINFO] = show_one(q.version, 4),
    [ACKEPOCH] = show_one(q.epoch, 4),
    [INFORMANDACTIVATE] = function(read)
        show_one(q.leader, 8)(read)
        show_transaction(read)
    end,
}

local function show_data(tvb, item, step, type, connection)
    item:add(q.data_length, tvb(12, 4))
    if step.data_length < 1 then
        return
    end
    local range = tvb(step.data_at, step.data_length)
    local read = cursor(range:tvb(), item:add(q.data, range))
    local show = SHOW_DATA[type]
    if show then
        show(read, connection)
    end
    if show and read.left > 0 then
        read.add(q.rest, read.left)
    end
end

local function show_authinfo(tvb, item, step)
    local list = item:add(q.authinfo, tvb(step.auth_at, 4))
    for _, auth in ipairs(step.auths) do
        if auth.scheme_length > 0 then
            list:add(q.scheme, tvb(auth.scheme_at, auth.scheme_length))
        end
        if auth.id_length > 0 then
            list:add(q.id, tvb(auth.id_at, auth.id_length))
        end
    end
end

local function show_snapshot(tvb, item, step)
    local tree = item:add(q.snapshot, tvb(step.snapshot_at))
    tree:add(q.sessions, tvb(step.snapshot_at, 4))
    tree:add(q.acls, tvb(step.acls_at, 4))
    tree:add(q.nodes, step.nodes):set_generated()
    for _, path in ipairs(step.paths) do
        -- The root is the empty string: show its length word instead.
        local range = path.length > 0 and tvb(path.at, path.length) or tvb(path.at - 4, 4)
        tree:add(q.path, range, path.length > 0 and range:string() or "")
    end
    tree:add(q.signature, tvb(step.signature_at, step.signature_length))
end

local function show_quorum(tvb, pinfo, tree, step, connection)
    local item = tree:add(quorum, tvb())
    local type = tvb(0, 4):int()
    local name = PACKETS[type] or "UNKNOWN"
    item:add(q.number, step.number):set_generated()
    item:add(q.type, tvb(0, 4))
    item:add(q.zxid, tvb(4, 8))
    show_data(tvb, item, step, type, connection)
    show_authinfo(tvb, item, step)
    local text = name .. " zxid=" .. hex(tvb(4, 8))
    if type == SNAP then
        show_snapshot(tvb, item, step)
        text = string.format("%s nodes=%d bytes=%d", text, step.nodes, step.size - step.snapshot_at)
    end
    if not PACKETS[type] then
        item:add_proto_expert_info(q_odd, "type " .. type .. " is none that 3.8 knows")
    end
    if connection.learner then
        item:add(q.learner, connection.learner):set_generated()
    end
    item:append_text(", " .. text)
    pinfo.cols.info:append(text .. " ")
end

local quorum_port = {
    protocol = quorum,
    measure = measure_quorum,
    show = show_quorum,
    malformed = q_malformed,
    cut = q_cut,
    follows = q_follows,
}

function quorum.dissector(tvb, pinfo, tree)
    return follow(tvb, pinfo, tree, quorum_port)
end

-- ---- zkclient -------------------------------------------------------------------------------------------------------

local OPERATIONS = {
    [1] = "create", [2] = "delete", [3] = "exists", [4] = "getData", [5] = "setData", [6] = "getACL", [7] = "setACL",
    [8] = "getChildren", [9] = "sync", [11] = "ping", [12] = "getChildren2", [13] = "check", [14] = "multi", [15] = "create2",
    [16] = "reconfig", [17] = "checkWatches", [18] = "removeWatches", [19] = "createContainer", [20] = "deleteContainer",
    [21] = "createTtl", [22] = "multiRead", [100] = "auth", [101] = "setWatches", [102] = "sasl", [103] = "getEphemerals",
    [104] = "getAllChildrenNumber", [105] = "setWatches2", [106] = "addWatch", [107] = "whoAmI", [-11] = "closeSession",
}
local EVENTS = { [-1] = "none", "created", "deleted", "changed", "children" }
local WITH_PATH = {}
for _, type in ipairs({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 17, 18, 19, 20, 21, 106 }) do
    WITH_PATH[type] = true
end
local EVENT_XID = -1
local AUTH, SASL = 100, 102

local client = Proto("zkclient", "ZooKeeper client")
local c = {
    number = ProtoField.uint32("zkclient.number", "Number in this direction"),
    length = ProtoField.int32("zkclient.length", "Length"),
    timeout = ProtoField.int32("zkclient.timeout", "Timeout (ms)"),
    session = ProtoField.uint64("zkclient.session", "Session", base.HEX),
    seen = ProtoField.uint64("zkclient.seen", "Last zxid that the client has seen", base.HEX),
    xid = ProtoField.int32("zkclient.xid", "xid"),
    type = ProtoField.int32("zkclient.type", "Operation", base.DEC, OPERATIONS),
    zxid = ProtoField.uint64("zkclient.zxid", "zxid", base.HEX),
    err = ProtoField.int32("zkclient.err", "Error"),
    event = ProtoField.int32("zkclient.event", "Event", base.DEC, EVENTS),
    path = ProtoField.string("zkclient.path", "Path"),
    body = ProtoField.bytes("zkclient.body", "Body"),
    word = ProtoField.string("zkclient.word", "Four letters, and the answer to them"),
}
client.fields = c
local c_malformed = ProtoExpert.new("zkclient.malformed", "Malformed frame",
    expert.group.MALFORMED, expert.severity.ERROR)
local c_cut = ProtoExpert.new("zkclient.cut", "The capture lacks the rest",
    expert.group.REASSEMBLE, expert.severity.WARN)
local c_follows = ProtoExpert.new("zkclient.undecoded", "Not decoded",
    expert.group.UNDECODED, expert.severity.NOTE)
client.experts = { c_malformed, c_cut, c_follows }
client.prefs.ports = Pref.range("Client ports", "2181", "TCP ports on which servers wait for clients", 65535)

-- The first frame of a connection is of another form than the rest, or four letters instead.
local function measure_client(tvb, offset, direction)
    local left = tvb:len() - offset
    if direction.connection.word then
        return { size = left, word = true }
    elseif left < 4 then
        return MORE
    end
    local is_first = direction.next == 0
    if is_first and direction.is_request and tvb(offset, 4):string():match("^%l%l%l%l$") then
        direction.connection.word = true
        return { size = left, word = true }
    end
    local length = tvb(offset, 4):int()
    local password = direction.is_request and 28 or 20 -- where its length stands in a first frame
    if length < (direction.is_request and 8 or 16) or length > MAX_RECORD then
        return { lost = "a frame of " .. length .. " bytes" }
    elseif left < 4 + length then
        return MORE
    end
    is_first = is_first and length >= 36 and tvb(offset + 4, 4):int() == 0 and tvb(offset + password, 4):int() == 16
    return { size = 4 + length, is_request = direction.is_request, is_first = is_first }
end

local function show_path(read)
    if read.left >= 4 then
        local length = read.peek()
        if length > 0 and length <= read.left - 4 then
            read.skip(4)
            return read.add(c.path, length):string()
        end
    end
    return ""
end

local function show_first(read, is_request)
    read.skip(4) -- the version of the protocol
    if is_request then
        read.add(c.seen, 8)
    end
    local timeout = read.add(c.timeout, 4):int()
    local session = read.add(c.session, 8)
    return string.format("%s session=%s timeout=%d", is_request and "CONNECT" or "CONNECTED", hex(session), timeout)
end

local function show_request_frame(read, xid)
    local type = read.add(c.type, 4):int()
    local text = string.format("%s xid=%d", OPERATIONS[type] or type, xid)
    if type == AUTH or type == SASL or read.left == 0 then
        return text
    end
    read.add_ahead(c.body, read.left)
    return WITH_PATH[type] and text .. " " .. show_path(read) or text
end

local function show_reply_frame(read, xid)
    local zxid = read.add(c.zxid, 8)
    local err = read.add(c.err, 4):int()
    if xid == EVENT_XID and read.left >= 8 then
        local event = read.add(c.event, 4):int()
        read.skip(4) -- the state, which is connected
        return string.format("EVENT %s %s", EVENTS[event] or event, show_path(read))
    end
    if read.left > 0 then
        read.add_ahead(c.body, read.left)
    end
    return string.format("reply xid=%d zxid=%s err=%d", xid, hex(zxid), err)
end

local function show_client(tvb, pinfo, tree, step)
    local item = tree:add(client, tvb())
    if step.word then
        item:add(c.word, tvb())
        pinfo.cols.info:append("word ")
        return
    end
    local read = cursor(tvb, item)
    item:add(c.number, step.number):set_generated()
    read.add(c.length, 4)
    local text
    if step.is_first then
        text = show_first(read, step.is_request)
    else
        local xid = read.add(c.xid, 4):int()
        text = (step.is_request and show_request_frame or show_reply_frame)(read, xid)
    end
    item:append_text(", " .. text)
    pinfo.cols.info:append(text .. " ")
end

local client_port = {
    protocol = client,
    measure = measure_client,
    show = show_client,
    malformed = c_malformed,
    cut = c_cut,
    follows = c_follows,
}

function client.dissector(tvb, pinfo, tree)
    local connection, direction = recall(pinfo)
    direction.connection = connection
    direction.is_request = pinfo.dst_port == pinfo.match_uint
    return follow(tvb, pinfo, tree, client_port)
end

-- ---- who is asked ---------------------------------------------------------------------------------------------------

function election.init()
    forget_everything()
end

-- The first bytes of a connection on a port that nobody named. The version of an initial message cannot be chance.
local function is_election(tvb, pinfo, tree)
    if tvb:len() < 21 or tvb(0, 4):int() ~= -1 or not measure_election(tvb, 0, { next = 0 }).size then
        return false
    end
    pinfo.conversation = election
    election.dissector(tvb, pinfo, tree)
    return true
end

-- FOLLOWERINFO or OBSERVERINFO with LearnerInfo of 8, 12 or 20 bytes and no authentication.
local function is_quorum(tvb, pinfo, tree)
    if tvb:len() < 28 then
        return false
    end
    local type, length = tvb(0, 4):int(), tvb(12, 4):int()
    if type ~= FOLLOWERINFO and type ~= OBSERVERINFO then
        return false
    elseif length ~= 8 and length ~= 12 and length ~= 20 then
        return false
    elseif tvb:len() ~= 20 + length or tvb(16 + length, 4):int() ~= -1 then
        return false
    end
    pinfo.conversation = quorum
    quorum.dissector(tvb, pinfo, tree)
    return true
end

election:register_heuristic("tcp", is_election)
quorum:register_heuristic("tcp", is_quorum)

-- A protocol whose ports changed leaves the old ones.
local function listen(protocol)
    local ports = DissectorTable.get("tcp.port")
    local bound = protocol.prefs.ports
    ports:add(bound, protocol)
    function protocol.prefs_changed()
        if bound ~= "" then
            ports:remove(bound, protocol)
        end
        bound = protocol.prefs.ports
        if bound ~= "" then
            ports:add(bound, protocol)
        end
    end
end

listen(election)
listen(quorum)
listen(client)
