// Elementary functions without branches, for use inside vectorised loops.
//
// NaN in gives NaN out: every clamp is written so that a comparison with NaN keeps the argument.
#pragma once

#include "Clones.h"

#define KNAS_INFINITY __builtin_inff()
#define KNAS_NAN __builtin_nanf("")

KNAS_INLINE int32_t knas_bits(float x) {
    int32_t bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    return bits;
}

KNAS_INLINE float knas_float(int32_t bits) {
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
}

KNAS_INLINE float knas_at_least(float x, float low) { return x < low ? low : x; }

KNAS_INLINE float knas_at_most(float x, float high) { return x > high ? high : x; }

KNAS_INLINE float knas_clamp(float x, float limit) {
    return knas_at_most(knas_at_least(x, -limit), limit);
}

// The square root as the instruction; sqrtf would have to set errno and so stay scalar.
KNAS_INLINE float knas_square_root(float x) {
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt)
    return __builtin_elementwise_sqrt(x);
#else
    return __builtin_sqrtf(x);
#endif
#else
    return __builtin_sqrtf(x);
#endif
}

// x = n log 2 + r with |r| <= log(2) / 2; returns exp(r) - 1 and n. Adding 1.5 * 2^23 rounds to an
// integer in the low bits; log 2 is subtracted in two parts, the first exact in 12 bits. The
// polynomial is Cephes' (expf.c). For |x| < 2^20.
KNAS_INLINE float knas_exp_reduced(float x, int32_t *n) {
    const float shifter = 12582912.0f;
    const float shifted = x * 1.44269504f + shifter;
    *n = (int32_t)((uint32_t)knas_bits(shifted) - (uint32_t)knas_bits(shifter));
    const float whole = shifted - shifter;
    const float r = (x - whole * 0.693359375f) - whole * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return p * (r * r) + r;
}

KNAS_INLINE float knas_power_of_two(int32_t n) {
    return knas_float((int32_t)(((uint32_t)n + 127u) << 23));
}

// exp(x) over the whole range: 0 and subnormals below, infinity above. The scale is applied in two
// halves because 2^n alone may not be representable.
KNAS_INLINE float knas_exp(float x) {
    int32_t n;
    const float e = knas_exp_reduced(knas_at_most(knas_at_least(x, -105.0f), 89.0f), &n);
    const int32_t half = n >> 1;
    return (1.0f + e) * knas_power_of_two(half)
        * knas_power_of_two((int32_t)((uint32_t)n - (uint32_t)half));
}

// exp(x) for |x| <= 87, where 2^n is representable.
KNAS_INLINE float knas_exp_within_87(float x) {
    int32_t n;
    const float e = knas_exp_reduced(x, &n);
    return (1.0f + e) * knas_power_of_two(n);
}

// exp(x) for x <= 0, and 0 below -87: the weight of a masked position is exactly nothing.
KNAS_INLINE float knas_exp_of_negative(float x) {
    const float e = knas_exp_within_87(knas_at_least(x, -87.0f));
    return x < -87.0f ? 0.0f : e;
}

// tanh(x) = (e - 1) / (e + 1) with e = exp(2 x), from exp(2 x) - 1 = 2^n (exp(r) - 1) + (2^n - 1),
// which does not cancel near zero.
KNAS_INLINE float knas_tanh(float x) {
    int32_t n;
    const float e = knas_exp_reduced(2.0f * knas_clamp(x, 10.0f), &n);
    const float scale = knas_power_of_two(n);
    const float minus_one = scale * e + (scale - 1.0f);
    return minus_one / (minus_one + 2.0f);
}

// The sigmoid s(x) and 1 - s(x), the latter without cancellation.
KNAS_INLINE float knas_sigmoid_and_rest(float x, float *rest) {
    const float e = knas_exp_within_87(-knas_clamp(x, 87.0f));
    const float s = 1.0f / (1.0f + e);
    *rest = e * s;
    return s;
}

KNAS_INLINE float knas_sigmoid(float x) {
    float rest;
    return knas_sigmoid_and_rest(x, &rest);
}

// The upper tail 1 - Phi(a) of the normal distribution for 0 <= a <= 13, and exp(-a^2 / 2). With t
// = 1 / (1 + 0.37 z), z = a / sqrt(2): erfc(z) exp(z^2) / 2 is a polynomial in t, the form of
// Abramowitz and Stegun 7.1.26, with coefficients fitted here to the relative error (below 7e-7),
// so that the tail keeps its digits.
KNAS_INLINE float knas_normal_tail(float a, float *gaussian) {
    const float t = 1.0f / (1.0f + 0.261629509f * a);
    *gaussian = knas_exp_within_87(-0.5f * a * a);
    float p = -0.0715682107f;
    p = p * t + 0.218893765f;
    p = p * t - 0.0947693998f;
    p = p * t + 0.159864602f;
    p = p * t + 0.0758602444f;
    p = p * t + 0.107537169f;
    p = p * t + 0.104182149f;
    return p * t * *gaussian;
}

// log(x) for rows, not for hot loops: x = 2^k m with m in [sqrt(1/2), sqrt(2)), log m = 2
// artanh(s), s = (m - 1) / (m + 1), by its series (|s| < 0.172, the ninth power is the last that
// matters).
KNAS_INLINE float knas_log(float x) {
    if (!(x > 0.0f)) return x == 0.0f ? -KNAS_INFINITY : KNAS_NAN;
    if (x == KNAS_INFINITY) return x;
    const int32_t subnormal = x < 1.17549435e-38f;
    const int32_t bits = knas_bits(subnormal ? x * 8388608.0f : x);
    const int32_t k = (bits - 0x3f3504f3) >> 23;
    const float m = knas_float(bits - k * (1 << 23));
    const float s = (m - 1.0f) / (m + 1.0f);
    const float q = s * s;
    const float series = q * (0.333333333f + q * (0.2f + q * (0.142857143f + q * 0.111111111f)));
    const double exponent = (double)(k - (subnormal ? 23 : 0));
    return (float)(exponent * 0.69314718055994531 + 2.0 * ((double)s + (double)s * (double)series));
}
