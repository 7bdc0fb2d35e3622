/**
 * The part of the dissector that knows registers: from a bus and an address to container, coordinate and fields. Lua, run
 * by Wireshark; numbers stay below 2^53, so plain arithmetic is exact and serves every version of Lua.
 */
export const luaRegisters = `
local floor, format = math.floor, string.format

-- A whole number as text, whether the version of Lua has integers or not.
local function int(x) return format("%.0f", x) end
local function hex(x)
  if x < 65536 then return format("0x%x", x) end
  return format("0x%x%04x", floor(x / 65536), x % 65536)
end
local function bits(word, low, width) return floor(word / 2 ^ low) % 2 ^ width end

local function coordinate_text(tree, index)
  if tree.prefix then return tree.prefix .. int(index) end
  if tree.list then return tree.list[index + 1] end
  local first, last = 1, #tree.start
  while first < last do
    local middle = floor((first + last + 1) / 2)
    if tree.start[middle] <= index then first = middle else last = middle - 1 end
  end
  return coordinate_text(tree.heads, first - 1) .. "." ..
    coordinate_text(tree.tails[tree.tail[first] + 1], index - tree.start[first])
end

-- Runs by bus and page of 4096 addresses.
local pages = {}
for _, run in ipairs(runs) do
  local bus = containers[run[1]].bus
  pages[bus] = pages[bus] or {}
  local from = floor(run[5] / 4096)
  local to = floor((run[5] + run[6] * (run[4] - 1)) / 4096)
  if to < from then from, to = to, from end
  for page = from, to do
    pages[bus][page] = pages[bus][page] or {}
    table.insert(pages[bus][page], run)
  end
end

-- Words of containers at an address, containers with more words first.
local function registers_at(bus, address)
  local found = {}
  for _, run in ipairs(pages[bus][floor(address / 4096)] or {}) do
    local offset = 0
    if run[6] ~= 0 then offset = (address - run[5]) / run[6] end
    if offset == floor(offset) and offset >= 0 and offset < run[4] and run[5] + run[6] * offset == address then
      local container = containers[run[1]]
      table.insert(found, {
        container = container,
        word = run[2],
        at = coordinate_text(coordinates[container.coordinate], run[3] + offset),
        order = #found,
      })
    end
  end
  table.sort(found, function(a, b)
    if a.container.words ~= b.container.words then return a.container.words > b.container.words end
    return a.order < b.order
  end)
  return found
end

-- What a run of bits contributes to its field's value.
local function run_value(run, word)
  local part = bits(word, run.low, run.width)
  if run.inverted then part = 2 ^ run.width - 1 - part end
  if run.reversed then
    local turned = 0
    for i = 0, run.width - 1 do turned = turned + bits(part, i, 1) * 2 ^ (run.width - 1 - i) end
    part = turned
  end
  if run.thermometer then
    local ones = 0
    while part > 0 do part, ones = floor(part / 2), ones + 1 end
    part = ones
  end
  return part * 2 ^ run.valueLow
end

local function used_bits(container, word, value)
  local mask, result, weight = container.used[word + 1], 0, 1
  while mask > 0 do
    if mask % 2 == 1 then result = result + (value % 2) * weight end
    mask, value, weight = floor(mask / 2), floor(value / 2), weight * 2
  end
  return result
end

-- Fields that have bits in a word: list of {field, value, is_part}. A part is what this word holds of a longer field.
local function register_fields(place, value)
  local container, result, is_off = place.container, {}, false
  for _, field in ipairs(container.fields) do
    if field.off and used_bits(container, place.word, value) == field.off then is_off = true end
  end
  for _, field in ipairs(container.fields) do
    local number, here, elsewhere = 0, 0, 0
    for _, run in ipairs(field.runs) do
      if run.word == place.word then
        number, here = number + run_value(run, value), here + 1
      else
        elsewhere = elsewhere + 1
      end
    end
    if field.off then
      table.insert(result, {field, is_off and 0 or 1, false})
    elseif here > 0 then
      local stored = is_off and field.min or number - field.storedOffset
      if elsewhere > 0 then stored = number end
      table.insert(result, {field, stored, elsewhere > 0})
    end
  end
  return result
end

local function field_text(field, value)
  local label = field.labels and field.labels[value]
  if label then return label .. "(" .. int(value) .. ")" end
  if field.kind == "bool" then return value ~= 0 and "true" or "false" end
  return field.hex and hex(value) or int(value)
end
`;
