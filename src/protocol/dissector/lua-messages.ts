/**
 * The part of the dissector that knows instruction streams: from the words of a frame, and what was before, to messages
 * in a tree. Every walk works on a copy of the state that its frame began with, so a frame can be looked at again.
 */
export const luaMessages = `
local ut = Proto("bss2", "BrainScaleS-2 instructions")
local f = {
  message = ProtoField.string("bss2.message", "Message"),
  time = ProtoField.uint64("bss2.fpga_time", "FPGA time", base.DEC, nil, nil, "FPGA cycles of 8 ns since the reset"),
  chip_time = ProtoField.uint64("bss2.chip_time", "Chip time", base.DEC, nil, nil, "units of 4 ns"),
  access = ProtoField.string("bss2.access", "Access"),
  register = ProtoField.string("bss2.register", "Register"),
  coordinate = ProtoField.string("bss2.coordinate", "Coordinate"),
  address = ProtoField.uint32("bss2.address", "Address", base.HEX),
  word = ProtoField.uint32("bss2.word", "Word", base.HEX),
  asked = ProtoField.framenum("bss2.asked_in", "Asked in", base.NONE, frametype.REQUEST),
}
local e = {
  opcode = ProtoExpert.new("bss2.unknown_opcode", "Unknown opcode", expert.group.MALFORMED, expert.severity.ERROR),
  reserved = ProtoExpert.new("bss2.reserved_value", "Value without meaning", expert.group.MALFORMED, expert.severity.ERROR),
  address = ProtoExpert.new("bss2.unknown_address", "No register at this address", expert.group.PROTOCOL, expert.severity.WARN),
  stray = ProtoExpert.new("bss2.unasked", "Nobody has asked for this", expert.group.SEQUENCE, expert.severity.WARN),
  timeout = ProtoExpert.new("bss2.timeout", "An instruction has timed out", expert.group.RESPONSE_CODE, expert.severity.WARN),
}
local all_fields = {}
for _, field in pairs(f) do table.insert(all_fields, field) end

local function declare(key, field, is_wide)
  local proto
  if field.kind == "bool" then
    local labels = field.labels and {field.labels[1], field.labels[0]} or nil
    proto = ProtoField.bool(key, field.name, base.NONE, labels, nil, field.doc)
  elseif field.kind == "int" then
    proto = ProtoField.int32(key, field.name, base.DEC, nil, nil, field.doc)
  elseif is_wide then
    proto = ProtoField.uint64(key, field.name, field.hex and base.HEX or base.DEC, nil, nil, field.doc)
  else
    proto = ProtoField.uint32(key, field.name, field.hex and base.HEX or base.DEC, field.labels, nil, field.doc)
  end
  table.insert(all_fields, proto)
  field.is_wide = is_wide
  field.proto = proto
end
for direction, messages in pairs({to = to_fpga, from = from_fpga}) do
  for _, message in ipairs(messages) do
    for _, field in ipairs(message.fields) do
      declare("bss2." .. direction .. "." .. message.name .. "." .. field.name, field, field.width > 32)
    end
  end
end
for _, container in ipairs(containers) do
  for _, field in ipairs(container.fields) do
    declare("bss2." .. container.name .. "." .. field.name, field, field.isWide)
  end
end
ut.fields = all_fields
ut.experts = {e.opcode, e.reserved, e.address, e.stray, e.timeout}

local function uint64(value) return UInt64.new(value % 2 ^ 32, floor(value / 2 ^ 32)) end
local function add_field(tree, field, range, value)
  if field.kind == "bool" then return tree:add(field.proto, range, value ~= 0) end
  if field.is_wide then return tree:add(field.proto, range, uint64(value)) end
  return tree:add(field.proto, range, value)
end

-- Bits low .. low + width - 1 of the message at an offset of the bytes; at most 43.
local function message_bits(tvb, at, bytes, low, width)
  local value, weight, taken = 0, 1, 0
  local byte = at + bytes - 1 - floor(low / 8)
  local skip = low % 8
  while taken < width do
    local here = math.min(8 - skip, width - taken)
    value = value + bits(tvb(byte, 1):uint(), skip, here) * weight
    weight, taken, byte, skip = weight * 2 ^ here, taken + here, byte - 1, 0
  end
  return value
end

-- Words of a register, under the message that carries them. A nil value: only the place is known.
local function show_register(tree, range, access, bus, address, value)
  local places = registers_at(bus, address)
  if #places == 0 then
    tree:add_proto_expert_info(e.address, "no register at " .. hex(address) .. " (" .. bus .. ")")
  end
  for _, place in ipairs(places) do
    local name = place.container.name
    local text = access .. " " .. name .. " " .. place.at
    if place.container.words > 1 then text = text .. " word " .. int(place.word) end
    local item = tree:add(f.register, range, name)
    item:set_text("Register: " .. text)
    item:add(f.access, range, access):set_generated()
    item:add(f.coordinate, range, place.at):set_generated()
    item:add(f.address, range, address)
    if value then
      item:add(f.word, range, value)
      local texts = {}
      for _, entry in ipairs(register_fields(place, value)) do
        local field, number, is_part = entry[1], entry[2], entry[3]
        local shown = add_field(item, field, range, number)
        if is_part then shown:append_text(" (part of it)") end
        table.insert(texts, field.name .. "=" .. field_text(field, number))
      end
      if #texts > 0 then item:append_text(": " .. table.concat(texts, " ")) end
    end
  end
end

local jtag_instruction = {pll_target = 3, pll_shift = 4, address = 5, data = 6, request = 7, phy = 68}

-- What each instruction means for those that follow, and what it does to registers.
local to_actions = {
  jtagInit = function(state) state.instruction = nil end,
  jtagIns = function(state, v) state.instruction = v.value end,
  jtagData = function(state, v, session, show, frame)
    local instruction, word = state.instruction, v.data % 2 ^ 32
    if v.keepResponse ~= 0 then
      session.jtag_reads[state.jtag_reads] = {frame = frame, address = state.jtag_fetched and state.jtag_address}
      state.jtag_reads = state.jtag_reads + 1
    end
    if instruction == jtag_instruction.pll_target then state.pll_target = v.data % 16
    elseif instruction == jtag_instruction.pll_shift then
      if state.pll_target then show("write", "jtagPll", state.pll_target, word) end
    elseif instruction == jtag_instruction.address then
      state.jtag_address, state.jtag_is_read = word, v.data >= 2 ^ 32
    elseif instruction == jtag_instruction.data then state.jtag_data = word
    elseif instruction == jtag_instruction.request and state.jtag_address then
      state.jtag_fetched = state.jtag_is_read
      if state.jtag_is_read then show("read", "omnibusOverJtag", state.jtag_address)
      elseif state.jtag_data then show("write", "omnibusOverJtag", state.jtag_address, state.jtag_data) end
    elseif instruction and instruction >= jtag_instruction.phy and (instruction - jtag_instruction.phy) % 8 == 0 then
      local phy = (instruction - jtag_instruction.phy) / 8
      if phy < 8 then show("write", "jtagPhy", phy, word) end
    end
  end,
  omnibusAddress = function(state, v, session, show, frame)
    state.write = nil
    if v.read == 0 then
      state.write = v.address
    else
      session.reads[state.reads] = {frame = frame, address = v.address}
      state.reads = state.reads + 1
      show("read", "omnibus", v.address)
    end
  end,
  omnibusData = function(state, v, session, show, frame, stray)
    if state.write then show("write", "omnibus", state.write, v.data) else stray() end
    state.write = nil
  end,
}

local function show_answer(state, counter, queue, bus, value, show, stray)
  local read = queue[state[counter]]
  state[counter] = state[counter] + 1
  if not read then stray() elseif read.address then show("answer", bus, read.address, value, read.frame)
  else show(nil, nil, nil, nil, read.frame) end
end
local from_actions = {
  jtagData = function(state, v, session, show, frame, stray)
    show_answer(state, "jtag_answers", session.jtag_reads, "omnibusOverJtag", v.data % 2 ^ 32, show, stray)
  end,
  omnibusData = function(state, v, session, show, frame, stray)
    show_answer(state, "answers", session.reads, "omnibus", v.data, show, stray)
  end,
  systime = function(state, v) state.time = v.time end,
  sysdelta = function(state, v) state.time = (state.time + v.increment) % 2 ^ 43 end,
}

-- Chip time of an event, units of 4 ns: the stamp's upper 7 bits replace the low 7 bits of FPGA time.
local function chip_time(now, stamp)
  local cycles = now - now % 128 + floor(stamp / 2)
  if cycles > now then cycles = (cycles - 128) % 2 ^ 43 end
  return 2 * cycles + stamp % 2
end

-- One message at an offset; tree may be nil. Returns whether it was one.
local function walk_message(direction, message, tvb, at, state, session, frame, tree)
  local values, range, item, is_legal = {}, tvb(at, message.bytes), nil, true
  if tree then item = tree:add(f.message, range, message.name) end
  local texts = {}
  for _, field in ipairs(message.fields) do
    local value = message_bits(tvb, at, message.bytes, field.low, field.width)
    values[field.name] = value
    if item then add_field(item, field, range, value) end
    if field.kind == "uint" and (value < field.min or value > field.max) then
      is_legal = false
      if item then item:add_proto_expert_info(e.reserved, field.name .. " = " .. int(value)) end
    end
    table.insert(texts, field.name .. "=" .. field_text(field, value))
  end
  if item then
    local text = message.name
    if #texts > 0 then text = text .. " " .. table.concat(texts, " ") end
    item:set_text(text)
  end
  local function show(access, bus, address, value, asked_in)
    if not item then return end
    if access then show_register(item, range, access, bus, address, value) end
    if asked_in then item:add(f.asked, range, asked_in):set_generated() end
  end
  local function stray() if item then item:add_proto_expert_info(e.stray) end end
  if not is_legal then return false end
  local action
  if direction == "to" then
    action = to_actions[message.name]
  else
    state.time = (state.time + 1) % 2 ^ 43
    action = from_actions[message.name]
  end
  if action then action(state, values, session, show, frame, stray) end
  if item and direction == "from" then
    item:add(f.time, range, uint64(state.time)):set_generated()
    for i = 0, 2 do
      local stamp = values["time" .. i]
      if stamp then item:add(f.chip_time, range, uint64(chip_time(state.time, stamp))):set_generated() end
    end
    if message.name == "timeoutNotification" then item:add_proto_expert_info(e.timeout) end
  end
  return true
end

local function unknown(tree, range, opcode)
  if tree then tree:add(range, "Unknown opcode " .. int(opcode)):add_proto_expert_info(e.opcode) end
end

-- Messages of a payload; state is changed. Returns the number of messages of each name.
local function walk(direction, payload, state, session, frame, tree)
  local messages = direction == "to" and to_fpga or from_fpga
  local counts, order = {}, {}
  local function count(message)
    if not counts[message.name] then counts[message.name] = 0; table.insert(order, message.name) end
    counts[message.name] = counts[message.name] + 1
  end
  local length, at = payload:len(), 0
  if state.carry then
    -- The rest of a message that the frame before has begun lies in the first word.
    local joined = ByteArray.new(state.carry)
    local carried = joined:len()
    state.carry = nil
    joined:append(payload(0, 8):bytes())
    local message = messages[joined:get_index(0) + 1]
    local tvb = joined:tvb("Message over two frames")
    if not walk_message(direction, message, tvb, 0, state, session, frame, tree) then return counts, order end
    count(message)
    at = message.bytes - carried
  end
  while at < length do
    local opcode = payload(at, 1):uint()
    if opcode >= 128 then
      at = at - at % 8 + 8
    else
      local message = messages[opcode + 1]
      if not message then
        unknown(tree, payload(at, math.min(8, length - at)), opcode)
        return counts, order
      end
      if at + message.bytes > length then
        state.carry = payload(at, length - at):bytes():tohex()
        if tree then tree:add(payload(at, length - at), message.name .. ", goes on in the next frame") end
        return counts, order
      end
      if not walk_message(direction, message, payload, at, state, session, frame, tree) then return counts, order end
      count(message)
      at = at + message.bytes
    end
  end
  return counts, order
end
`;
