/*
 * The packing of bench/wire.ts as plain C loops: the limit that the codec is held against. Prints one line per task:
 * name, median seconds of the repeats, checksum of the result. Inputs come from the same generator as the bench's, so
 * equal checksums say that both did the same work.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 7 };

static uint32_t state;
static uint32_t next(void) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}
static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}
static uint32_t checksum(const uint8_t *bytes, size_t length) {
  uint32_t sum = 0;
  for (size_t at = 0; at + 4 <= length; at += 4) {
    uint32_t word;
    memcpy(&word, bytes + at, 4);
    sum = (sum << 5 | sum >> 27) + word;
  }
  return sum;
}
static int compare(const void *a, const void *b) {
  double d = *(const double *)a - *(const double *)b;
  return (d > 0) - (d < 0);
}
static void report(const char *name, double *seconds, uint32_t sum) {
  qsort(seconds, REPEATS, sizeof *seconds, compare);
  printf("%s %.9f %u\n", name, seconds[REPEATS / 2], sum);
}
static void *room(size_t bytes) {
  void *memory = malloc(bytes);
  if (!memory) exit(1);
  memset(memory, 0, bytes);
  return memory;
}
static inline void put64(uint8_t *out, uint64_t word) {
  word = __builtin_bswap64(word);
  memcpy(out, &word, 8);
}
static inline uint64_t get64(const uint8_t *in) {
  uint64_t word;
  memcpy(&word, in, 8);
  return __builtin_bswap64(word);
}
static inline uint64_t word_of(int opcode, uint64_t payload) { return (uint64_t)opcode << 56 | payload; }

/* A program of omnibus writes. */
static void writes(size_t count) {
  uint32_t *address = room(4 * count), *data = room(4 * count);
  uint8_t *words = room(16 * count);
  state = 1;
  for (size_t i = 0; i < count; i++) address[i] = next(), data[i] = next();
  double seconds[REPEATS];
  for (int r = 0; r < REPEATS; r++) {
    double start = now();
    for (size_t i = 0; i < count; i++) {
      put64(words + 16 * i, word_of(0x0b, 0xf00000000ull | address[i]));
      put64(words + 16 * i + 8, word_of(0x0c, data[i]));
    }
    seconds[r] = now() - start;
  }
  report("encode-writes", seconds, checksum(words, 16 * count));
  for (int r = 0; r < REPEATS; r++) {
    double start = now();
    size_t addresses = 0, datas = 0;
    for (size_t at = 0; at < 16 * count; at += 8) {
      uint64_t word = get64(words + at);
      switch (word >> 56) {
        case 0x0b: address[addresses++] = (uint32_t)word; break;
        case 0x0c: data[datas++] = (uint32_t)word; break;
        default: exit(2);
      }
    }
    seconds[r] = now() - start;
  }
  report("decode-writes", seconds, checksum((uint8_t *)data, 4 * count));
  free(address), free(data), free(words);
}

/* Packs of three samples, 8.5 half cycles apart, and a sysdelta of 93 before every eighth pack, as a board sends them. */
static void samples(size_t count) {
  size_t packs = count / 3, bytes = packs * 10 + (packs + 7) / 8 * 8;
  uint8_t *stream = room(bytes + 16), *channel = room(packs * 3), *out;
  double *chip_time = room(8 * packs * 3), seconds[REPEATS];
  uint16_t *value = room(2 * packs * 3);
  uint32_t *sample = room(4 * packs * 3);
  state = 2;
  for (size_t i = 0; i < packs * 3; i++) sample[i] = (17 * i / 2 & 0xff) << 16 | (next() & 0x7ff);
  for (int r = 0; r < REPEATS; r++) {
    double start = now();
    out = stream;
    for (size_t i = 0; i < packs; i++) {
      if (i % 8 == 0) put64(out, word_of(6, 93)), out += 8;
      put64(out, word_of(9, (uint64_t)sample[3 * i] << 32 | (uint64_t)sample[3 * i + 1] << 8 | sample[3 * i + 2] >> 16));
      out[8] = sample[3 * i + 2] >> 8, out[9] = sample[3 * i + 2];
      out += 10;
    }
    seconds[r] = now() - start;
  }
  report("encode-samples", seconds, checksum(stream, bytes));
  for (int r = 0; r < REPEATS; r++) {
    double start = now();
    size_t n = 0;
    uint64_t time = 0;
    for (const uint8_t *in = stream; in < stream + bytes;) {
      uint64_t word = get64(in);
      time++;
      if (word >> 56 == 6) {
        time += word & 0xff, in += 8;
        continue;
      }
      uint32_t three[3] = {word >> 32 & 0xffffff, word >> 8 & 0xffffff, (word & 0xff) << 16 | in[8] << 8 | in[9]};
      for (int k = 0; k < 3; k++, n++) {
        uint64_t t = (time & ~127ull) | three[k] >> 17;
        if (t > time) t = (t - 128) & ((1ull << 43) - 1);
        chip_time[n] = (double)(2 * t + (three[k] >> 16 & 1));
        value[n] = three[k] & 0x3ff;
        channel[n] = three[k] >> 10 & 1;
      }
      in += 10;
    }
    seconds[r] = now() - start;
  }
  report("decode-samples", seconds, checksum((uint8_t *)chip_time, 8 * packs * 3) + checksum((uint8_t *)value, 6 * packs / 4 * 4));
  free(stream), free(channel), free(chip_time), free(value), free(sample);
}

/* Random messages of every kind, as columns: opcode and up to three numbers. */
static void mixed(int from, size_t count) {
  const int kinds = from ? 13 : 16;
  uint8_t *op = room(count), *stream = room(10 * count + 16), *end = stream;
  uint32_t *a = room(4 * count), *b = room(4 * count), *c = room(4 * count), sum;
  double seconds[REPEATS];
  state = 3;
  for (size_t i = 0; i < count; i++) {
    op[i] = (uint64_t)next() * kinds >> 32;
    a[i] = next(), b[i] = next(), c[i] = next();
    if (!from && op[i] == 3) c[i] = (c[i] % 31 + 3) | (c[i] >> 8 & 1) << 8;
  }
  for (int r = 0; r < REPEATS; r++) {
    double start = now();
    uint8_t *out = stream;
    for (size_t i = 0; i < count; i++) {
      uint64_t x = a[i], y = b[i], z = c[i], payload = 0;
      if (from) {
        switch (op[i]) {
          case 0: payload = (x & 1) << 32 | y; break;
          case 1: payload = x; break;
          case 2: payload = x & 1; break;
          case 3: payload = x & 0xff; break;
          case 4: payload = (z & 0x3f) << 39 | (y & 0x7f) << 32 | x; break;
          case 5: payload = (y & 0x7ff) << 32 | x; break;
          case 6: payload = x & 0xff; break;
          case 7: case 10: payload = x & 0xffffff; break;
          case 8: case 11: payload = (x & 0xffffff) << 24 | (y & 0xffffff); break;
          case 9: case 12:
            put64(out, word_of(op[i], (x & 0xffffff) << 32 | (y & 0xffffff) << 8 | (z >> 16 & 0xff)));
            out[8] = z >> 8, out[9] = z;
            out += 10;
            continue;
        }
      } else {
        switch (op[i]) {
          case 0: case 4: break;
          case 1: payload = x & 0xff; break;
          case 2: payload = x & 0x7f; break;
          case 3: payload = (z >> 8 & 1) << 48 | (z & 0xff) << 40 | (x & 1) << 32 | y; break;
          case 5: case 12: payload = x; break;
          case 6: case 8: case 9: case 10: payload = x & 1; break;
          case 7: payload = x & 0x1f; break;
          case 11: payload = (y & 1) << 36 | (z & 0xf) << 32 | x; break;
          case 13: payload = x & 0xffff; break;
          case 14: payload = (x & 0xffff) << 16 | (y & 0xffff); break;
          case 15: payload = (x & 0xffff) << 32 | (y & 0xffff) << 16 | (z & 0xffff); break;
        }
      }
      put64(out, word_of(op[i], payload));
      out += 8;
    }
    end = out;
    seconds[r] = now() - start;
  }
  report(from ? "encode-from" : "encode-to", seconds, checksum(stream, (end - stream) / 8 * 8));
  for (int r = 0; r < REPEATS; r++) {
    double start = now();
    size_t i = 0;
    for (const uint8_t *in = stream; in < end; in += 8, i++) {
      uint64_t word = get64(in);
      uint8_t kind = word >> 56;
      uint32_t x = 0, y = 0, z = 0, low = word, high = word >> 32;
      if (from) {
        switch (kind) {
          case 0: x = high & 1, y = low; break;
          case 1: x = low; break;
          case 2: x = low & 1; break;
          case 3: case 6: x = low & 0xff; break;
          case 4: x = low, y = high & 0x7f, z = high >> 7 & 0x3f; break;
          case 5: x = low, y = high & 0x7ff; break;
          case 7: case 10: x = low & 0xffffff; break;
          case 8: case 11: x = word >> 24 & 0xffffff, y = low & 0xffffff; break;
          case 9: case 12:
            x = high & 0xffffff, y = low >> 8, z = (low & 0xff) << 16 | in[8] << 8 | in[9];
            in += 2;
            break;
          default: exit(2);
        }
      } else {
        switch (kind) {
          case 0: case 4: break;
          case 1: x = low & 0xff; break;
          case 2: x = low & 0x7f; break;
          case 3: x = high & 1, y = low, z = high >> 8 & 0x1ff; break;
          case 5: case 12: x = low; break;
          case 6: case 8: case 9: case 10: x = low & 1; break;
          case 7: x = low & 0x1f; break;
          case 11: x = low, y = high >> 4 & 1, z = high & 0xf; break;
          case 13: x = low & 0xffff; break;
          case 14: x = low >> 16, y = low & 0xffff; break;
          case 15: x = high & 0xffff, y = low >> 16, z = low & 0xffff; break;
          default: exit(2);
        }
      }
      op[i] = kind, a[i] = x, b[i] = y, c[i] = z;
    }
    seconds[r] = now() - start;
  }
  sum = checksum(op, count) + checksum((uint8_t *)a, 4 * count);
  sum += checksum((uint8_t *)b, 4 * count) + checksum((uint8_t *)c, 4 * count);
  report(from ? "decode-from" : "decode-to", seconds, sum);
  free(op), free(stream), free(a), free(b), free(c);
}

/* wire WRITES SAMPLES MIXED */
int main(int count, char **arguments) {
  if (count != 4) return 2;
  writes(strtoul(arguments[1], 0, 10));
  samples(strtoul(arguments[2], 0, 10));
  mixed(0, strtoul(arguments[3], 0, 10));
  mixed(1, strtoul(arguments[3], 0, 10));
  return 0;
}
