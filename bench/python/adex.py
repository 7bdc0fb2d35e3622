"""AdEx neurons with noise in Brian2, cython target: neuron-steps per second of CPU time. Usage: adex.py N STEPS [N STEPS ...]

The circuit of bench/chip/circuits.ts in volts and microseconds (Brian's own units stand for these, value for value):
Euler-Maruyama with one noise value per step, the fastest method that Brian2 has for these equations. One run of a tenth
of the steps goes first, so that compiling is not counted.
"""
import sys
import time

import brian2 as b2

b2.prefs.codegen.target = "cython"
b2.prefs.logging.console_log_level = "ERROR"

equations = """
dv/dt = ((g*(E - v) - gm*(w - Wref) + I0*exp(clip((v - Ve)/D, -40, 5)) + I)/C + sigma*xi*second**0.5)/second : 1 (unless refractory)
dw/dt = rate*(Wref + alpha*(v - Ea) - w)/second : 1
E : 1
I : 1
"""
constants = dict(
    C=2.4, g=0.15, gm=0.5, Wref=0.4, Ve=0.8, D=0.02, I0=0.015, rate=0.02, alpha=0.05, Ea=0.55, sigma=1e-3, second=b2.second
)


def measure(n, steps):
    b2.start_scope()
    clock = 0.016 * b2.second
    group = b2.NeuronGroup(
        n, equations, threshold="v > 1.05", reset="v = 0.6; w += 0.1", refractory=1.9 * b2.second, method="euler",
        dt=clock, namespace=constants,
    )
    group.v = 0.55
    group.w = 0.4
    group.E = "0.5 + 0.1*rand()"
    group.I = "0.15 + 0.05*rand()"
    network = b2.Network(group)
    network.run(max(steps // 10, 1) * clock)
    start = time.process_time()
    network.run(steps * clock)
    return n * steps / (time.process_time() - start)


numbers = [int(x) for x in sys.argv[1:]]
for n, steps in zip(numbers[::2], numbers[1::2]):
    print(n, measure(n, steps), flush=True)
