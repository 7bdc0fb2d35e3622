/**
 * The part of the dissector that knows HostARQ: frames, who sends, what is new, what comes again and what is missing.
 * State of a conversation is advanced once, in the order of the sequence numbers, at the first look at each frame.
 */
import { hostArq, packetType } from "../host-arq.js";
import { toLua } from "./lua.js";

const numbers = `
local arq = ${toLua({
  data_port: hostArq.dataPort,
  reset_port: hostArq.resetPort,
  space: hostArq.sequenceSpace,
  window: hostArq.windowSize,
  header: hostArq.headerBytes,
  ack: hostArq.ackBytes,
  max_words: hostArq.maxWords,
  reset: [...hostArq.resetBytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
})}
local types = ${toLua(Object.fromEntries(Object.entries(packetType).map(([name, value]) => [value, name])))}
local ut_type, config_type = ${packetType.utMessages}, ${packetType.config}
`;

export const luaFrames = `${numbers}
local hostarq = Proto("hostarq", "HostARQ (BrainScaleS-2)")
local h = {
  ack = ProtoField.uint32("hostarq.ack", "Acknowledge", base.DEC, nil, nil, "last frame received in order"),
  seq = ProtoField.uint32("hostarq.seq", "Sequence number"),
  type = ProtoField.uint16("hostarq.type", "Type", base.HEX, types),
  len = ProtoField.uint16("hostarq.len", "Length", base.DEC, nil, nil, "words of 64 bit"),
  reset = ProtoField.bytes("hostarq.reset", "Reset"),
  direction = ProtoField.string("hostarq.direction", "Direction"),
  original = ProtoField.framenum("hostarq.first_sent_in", "First sent in", base.NONE, frametype.RETRANS_PREV),
  space = ProtoField.uint64("hostarq.config.sequence_space", "Sequence numbers"),
  window = ProtoField.uint64("hostarq.config.window", "Window"),
  max_words = ProtoField.uint64("hostarq.config.max_words", "Words per frame"),
  info_words = ProtoField.uint64("hostarq.config.info_words", "Words of text"),
  info = ProtoField.string("hostarq.config.info", "Text"),
  payload = ProtoField.bytes("hostarq.payload", "Payload"),
}
local x = {
  resend = ProtoExpert.new("hostarq.retransmission", "Retransmission", expert.group.SEQUENCE, expert.severity.NOTE),
  duplicate = ProtoExpert.new("hostarq.duplicate", "Duplicate: was acknowledged before", expert.group.SEQUENCE, expert.severity.NOTE),
  gap = ProtoExpert.new("hostarq.gap", "Sequence gap", expert.group.SEQUENCE, expert.severity.WARN),
  early = ProtoExpert.new("hostarq.stale", "Belongs to the time before the reset", expert.group.SEQUENCE, expert.severity.NOTE),
  length = ProtoExpert.new("hostarq.bad_length", "Length does not fit", expert.group.MALFORMED, expert.severity.ERROR),
  number = ProtoExpert.new("hostarq.bad_number", "No sequence number", expert.group.MALFORMED, expert.severity.ERROR),
}
hostarq.fields = {h.ack, h.seq, h.type, h.len, h.reset, h.direction, h.original, h.space, h.window, h.max_words,
  h.info_words, h.info, h.payload}
hostarq.experts = {x.resend, x.duplicate, x.gap, x.early, x.length, x.number}
hostarq.prefs.data_ports = Pref.range("Data ports", tostring(arq.data_port), "UDP ports of boards for data", 65535)
hostarq.prefs.reset_ports = Pref.range("Reset ports", tostring(arq.reset_port), "UDP ports of boards for resets", 65535)

local conversations, frames = {}, {}

local function new_session()
  return {
    reads = {}, jtag_reads = {},
    to = {acked = -1, seen = {}, held = {}, state = {reads = 0, jtag_reads = 0}},
    from = {acked = -1, seen = {}, held = {}, state = {time = 0, answers = 0, jtag_answers = 0}},
  }
end
function hostarq.init() conversations, frames = {}, {} end

local function copy(state)
  local result = {}
  for key, value in pairs(state) do result[key] = value end
  return result
end

-- The text of preferences like "1234,2000-2010" as a test for a port.
local function in_range(text, port)
  for part in tostring(text):gmatch("[^,%s]+") do
    local low, high = part:match("^(%d+)-(%d+)$")
    low = tonumber(low or part)
    if low and port >= low and port <= tonumber(high or low) then return true end
  end
  return false
end

-- The frame's place in the sequence: a record that is made at the first look.
local function advance(side, direction, session, record, payload)
  record.before = copy(side.state)
  if record.type == ut_type then walk(direction, payload, side.state, session, record.number, nil) end
  record.is_placed = true
end

local function place(session, direction, record, payload)
  local side = session[direction]
  if not side.next then side.next = record.seq end
  local ahead = (record.seq - side.next) % arq.space
  if ahead >= arq.window then
    local absolute = side.next - (arq.space - ahead)
    record.original = side.seen[absolute]
    record.kind = absolute <= side.acked and "duplicate" or "resend"
    record.acked_in = side.acked_in
  elseif ahead > 0 then
    local absolute = side.next + ahead
    if side.held[absolute] then
      record.kind, record.original = "resend", side.held[absolute].record
    else
      record.kind, record.expected = "gap", side.next % arq.space
      side.held[absolute] = {record = record, bytes = payload:bytes()}
    end
  else
    record.kind = "new"
    side.seen[side.next] = record
    advance(side, direction, session, record, payload)
    side.next = side.next + 1
    -- Frames that came early follow now.
    while side.held[side.next] do
      local held = side.held[side.next]
      side.held[side.next] = nil
      side.seen[side.next] = held.record
      advance(side, direction, session, held.record, held.bytes:tvb("Frame " .. held.record.number)())
      side.next = side.next + 1
    end
  end
end

-- The other side's acknowledgement covers everything up to a sequence number.
local function acknowledge(side, ack, number)
  if not side.next or ack >= arq.space then return end
  local behind = (side.next - 1 - ack) % arq.space
  local absolute = side.next - 1 - behind
  if behind < arq.window and absolute > side.acked then side.acked, side.acked_in = absolute, number end
end

local function conversation_of(pinfo, is_to_board)
  local host, board = pinfo.src, pinfo.dst
  local port = pinfo.src_port
  if not is_to_board then host, board, port = pinfo.dst, pinfo.src, pinfo.dst_port end
  local key = tostring(host) .. " " .. port .. " " .. tostring(board)
  conversations[key] = conversations[key] or {session = new_session()}
  return conversations[key]
end

local function show_config(tree, payload)
  local names = {h.space, h.window, h.max_words, h.info_words}
  local words = floor(payload:len() / 8)
  for i, field in ipairs(names) do
    if i <= words then tree:add(field, payload(8 * (i - 1), 8)) end
  end
  if words > 4 then
    local range = payload(32, payload:len() - 32)
    tree:add(h.info, range, range:stringz())
  end
end

local function summary(counts, order)
  local texts = {}
  for i, name in ipairs(order) do
    if i == 5 then table.insert(texts, "...") break end
    table.insert(texts, counts[name] > 1 and int(counts[name]) .. " " .. name or name)
  end
  return table.concat(texts, ", ")
end

function hostarq.dissector(tvb, pinfo, root)
  local length = tvb:len()
  local to_reset = in_range(hostarq.prefs.reset_ports, pinfo.dst_port)
  local is_to_board = to_reset or in_range(hostarq.prefs.data_ports, pinfo.dst_port)
  local direction = is_to_board and "to" or "from"
  local arrow = is_to_board and "to FPGA" or "from FPGA"
  local conversation = conversation_of(pinfo, is_to_board)
  local record = frames[pinfo.number]
  local is_first = not record
  pinfo.cols.protocol = "HostARQ"
  local tree = root:add(hostarq, tvb(), "HostARQ, " .. arrow)
  tree:add(h.direction, tvb(), arrow):set_generated()

  if to_reset then
    if tvb:bytes():tohex(true) == arq.reset then
      if is_first then
        frames[pinfo.number] = {number = pinfo.number}
        conversation.session = new_session()
        conversation.session.to.next, conversation.session.from.next = 0, 0
        conversation.session.is_waiting = true
      end
      tree:add(h.reset, tvb())
      pinfo.cols.info = "Reset"
    else
      tree:add_proto_expert_info(x.length)
    end
    return length
  end

  if length < arq.header then
    if length ~= arq.ack then tree:add_proto_expert_info(x.length); return length end
    local ack = tvb(0, 4):uint()
    tree:add(h.ack, tvb(0, 4))
    if ack >= arq.space then tree:add_proto_expert_info(x.number) end
    pinfo.cols.info = arrow .. ": acknowledge " .. int(ack)
    if is_first then
      frames[pinfo.number] = {number = pinfo.number}
      acknowledge(conversation.session[is_to_board and "from" or "to"], ack, pinfo.number)
    end
    return length
  end

  local ack, seq, kind, words = tvb(0, 4):uint(), tvb(4, 4):uint(), tvb(8, 2):uint(), tvb(10, 2):uint()
  tree:add(h.ack, tvb(0, 4))
  tree:add(h.seq, tvb(4, 4))
  tree:add(h.type, tvb(8, 2))
  tree:add(h.len, tvb(10, 2))
  local info = arrow .. ": seq " .. int(seq) .. " ack " .. int(ack) .. " " .. (types[kind] or hex(kind)) .. " " .. int(words) .. " words"
  pinfo.cols.info = info
  if words > arq.max_words or length ~= arq.header + 8 * words then
    tree:add_proto_expert_info(x.length)
    return length
  end
  if ack >= arq.space or seq >= arq.space then
    tree:add_proto_expert_info(x.number)
    return length
  end
  local payload
  if words > 0 then payload = tvb(arq.header, 8 * words) end

  if is_first then
    record = {number = pinfo.number, seq = seq, type = kind, session = conversation.session, kind = "stale"}
    frames[pinfo.number] = record
    local session = conversation.session
    if not is_to_board and session.is_waiting and kind == config_type then session.is_waiting = false end
    if is_to_board or not session.is_waiting then
      if payload then place(session, direction, record, payload) else record.kind = "empty" end
      acknowledge(session[is_to_board and "from" or "to"], ack, pinfo.number)
    end
  end

  if record.kind == "stale" then tree:add_proto_expert_info(x.early)
  elseif record.kind == "gap" then
    tree:add_proto_expert_info(x.gap, "Sequence gap: expected " .. int(record.expected) .. ", this is " .. int(seq))
    pinfo.cols.info:append(" [gap before it]")
  elseif record.kind == "resend" or record.kind == "duplicate" then
    local original = record.original and record.original.number
    if original then tree:add(h.original, tvb(4, 4), original):set_generated() end
    local from = original and " of frame " .. int(original) or ""
    if record.kind == "resend" then
      tree:add_proto_expert_info(x.resend, "Retransmission" .. from)
      pinfo.cols.info:append(" [retransmission" .. from .. "]")
    else
      tree:add_proto_expert_info(x.duplicate, "Duplicate" .. from .. ": frame " .. int(record.acked_in or 0) .. " had acknowledged it")
      pinfo.cols.info:append(" [duplicate" .. from .. "]")
    end
  end
  if not payload then return length end

  if kind == config_type then show_config(tree, payload) return length end
  if kind ~= ut_type then tree:add(h.payload, payload) return length end
  local known = record.is_placed and record or record.original
  if not (known and known.before) then
    tree:add(h.payload, payload):append_text(" (what it means depends on a frame that has not come yet: look again)")
    return length
  end
  local messages = root:add(ut, payload)
  local counts, order = walk(direction, payload, copy(known.before), record.session, known.number, messages)
  pinfo.cols.info:append(": " .. summary(counts, order))
  return length
end

local udp_ports, registered = DissectorTable.get("udp.port"), {}
local function register()
  for _, range in ipairs(registered) do udp_ports:remove(range, hostarq) end
  registered = {tostring(hostarq.prefs.data_ports), tostring(hostarq.prefs.reset_ports)}
  for _, range in ipairs(registered) do
    if range ~= "" then udp_ports:add(range, hostarq) end
  end
end
function hostarq.prefs_changed() register() end
register()
`;
