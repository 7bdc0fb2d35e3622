/* AdEx circuits with noise, one after the other in plain C: the method, the constants and the noise of the chip's stepper
 * (src/virtual-chip/physics/adex.ts), with the C library's exp. Usage: adex N STEPS [N STEPS ...]; prints N and
 * circuit-steps per second of CPU time. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct {
  double vv, vw, wv, ww, fv, fw, qv, qw, kv, kw, kvp, kwp;
} mode;

typedef struct {
  mode leak, reset;
  double v, w;
  long reset_until, pulse_until, refractory_until;
} circuit;

static const double h = 0.016, C = 2.4, GM = 0.5, WREF = 0.4, VE = 0.8, D = 0.02, I0 = 0.015, RATE = 0.02, ALPHA = 0.05,
                    EA = 0.55, PULSE = 0.1, THRESHOLD = 1.05, NOISE = 0.008, ONSET = 0.006, RAIL = 1.2;

static void philox(uint32_t out[4], uint32_t c0, uint32_t c2, uint32_t c3) {
  uint32_t x0 = c0, x1 = 0, x2 = c2, x3 = c3, k0 = 7, k1 = 9;
  for (int r = 0; r < 10; r++) {
    uint64_t a = (uint64_t)0xd2511f53u * x0, e = (uint64_t)0xcd9e8d57u * x2;
    x0 = (uint32_t)(e >> 32) ^ x1 ^ k0;
    x2 = (uint32_t)(a >> 32) ^ x3 ^ k1;
    x1 = (uint32_t)e;
    x3 = (uint32_t)a;
    k0 += 0x9e3779b9u;
    k1 += 0xbb67ae85u;
  }
  out[0] = x0, out[1] = x1, out[2] = x2, out[3] = x3;
}

static double normal(uint32_t w) {
  uint32_t p = (w & 0x00ff00ff) + ((w >> 8) & 0x00ff00ff);
  return ((int)((p & 0xffff) + (p >> 16)) - 510) * 0.006765875086793228;
}

static void fill(mode *m, double g, double e, double current) {
  double a = -g / C * h, b = -GM / C * h, d = RATE * ALPHA * h, f = -RATE * h;
  double t[4] = {1, 0, 0, 1}, p[4] = {0}, s[4] = {0}, q[4] = {0};
  for (int n = 1; n <= 20; n++) {
    for (int i = 0; i < 4; i++) p[i] += t[i], s[i] += t[i] / n, q[i] += t[i] / (n * (n + 1.0));
    double u[4] = {t[0] * a + t[1] * d, t[0] * b + t[1] * f, t[2] * a + t[3] * d, t[2] * b + t[3] * f};
    for (int i = 0; i < 4; i++) t[i] = u[i] / n;
  }
  double bv = (g * e + GM * WREF + current) / C, bw = RATE * (WREF - ALPHA * EA);
  m->vv = p[0], m->vw = p[1], m->wv = p[2], m->ww = p[3];
  m->fv = h * s[0] / C, m->fw = h * s[2] / C, m->qv = h * q[0] / C, m->qw = h * q[2] / C;
  m->kv = h * (s[0] * bv + s[1] * bw), m->kw = h * (s[2] * bv + s[3] * bw);
  m->kvp = h * (s[0] * bv + s[1] * (bw + PULSE)), m->kwp = h * (s[2] * bv + s[3] * (bw + PULSE));
}

static double clamp(double x) { return x < 0 ? 0 : x > RAIL ? RAIL : x; }

static long run(circuit *c, long id, long from, long count) {
  long spikes = 0;
  uint32_t words[4], onsets[4];
  double current = 0, shift = 0;
  for (long i = from; i < from + count; i++) {
    if (i % 16 == 0) philox(words, (uint32_t)(i / 16), (uint32_t)id, 0);
    if (i % 1024 == 0) philox(onsets, (uint32_t)(i / 1024), (uint32_t)id, 1);
    if (i % 4 == 0) current = NOISE * normal(words[i % 16 / 4]), shift = ONSET * normal(onsets[i % 1024 / 256]);
    int is_reset = i < c->reset_until, is_pulse = i < c->pulse_until;
    const mode *m = is_reset ? &c->reset : &c->leak;
    double onset = VE + shift, from_v = onset - 9.2 * D, i0 = 0, i1 = 0, scale = is_reset ? 0 : I0;
    double v0 = m->vv * c->v + m->vw * c->w + (is_pulse ? m->kvp : m->kv) + m->fv * current;
    double w0 = m->wv * c->v + m->ww * c->w + (is_pulse ? m->kwp : m->kw) + m->fw * current;
    if (c->v > from_v) i0 = fmin(scale * exp((c->v - onset) / D), 2);
    double v1 = v0 + m->fv * i0;
    if (v1 > from_v) i1 = fmin(scale * exp((v1 - onset) / D), 2);
    c->v = clamp(v1 + m->qv * (i1 - i0));
    c->w = clamp(w0 + m->fw * i0 + m->qw * (i1 - i0));
    if (c->v >= THRESHOLD + shift && i >= c->refractory_until) {
      spikes++;
      c->refractory_until = i + 120, c->reset_until = i + 117, c->pulse_until = i + 65;
    }
  }
  return spikes;
}

int main(int argc, char **argv) {
  for (int a = 1; a + 1 < argc; a += 2) {
    long n = atol(argv[a]), steps = atol(argv[a + 1]), spikes = 0;
    circuit *all = calloc((size_t)n, sizeof *all);
    for (long k = 0; k < n; k++) {
      double share = n == 1 ? 0.5 : (double)k / (n - 1);
      fill(&all[k].leak, 0.15, 0.5 + 0.1 * share, 0.15 + 0.05 * share);
      fill(&all[k].reset, 4.5, 0.6, 0.15 + 0.05 * share);
      all[k].v = 0.55, all[k].w = 0.4;
    }
    struct timespec t0, t1;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
    for (long k = 0; k < n; k++)
      for (long i = 0; i < steps; i += 2048) spikes += run(&all[k], k, i, steps - i < 2048 ? steps - i : 2048);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
    double seconds = (double)(t1.tv_sec - t0.tv_sec) + 1e-9 * (double)(t1.tv_nsec - t0.tv_nsec);
    printf("%ld %.6g %ld\n", n, (double)n * (double)steps / seconds, spikes);
    free(all);
  }
  return 0;
}
