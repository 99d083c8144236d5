// Shared by the kernels: instruction-set clones and inline float32 mathematics that vectorises.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "CKernels.h"

// One copy of a function for each generation of x86-64, chosen when the program starts.
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define CLONES \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

// Lets the compiler reorder the sums of the block that follows, so that they vectorise.
#define REASSOCIATE _Pragma("clang fp reassociate(on)")

// Lets a loop vectorise although its output may be one of its inputs: every element depends on the
// elements of the same index alone. Without it the check for overlap sends in-place calls down the
// scalar path.
#define ELEMENTWISE _Pragma("clang loop vectorize(assume_safety)")

#define INLINE static inline __attribute__((always_inline))

// A square root that leaves errno alone, so that loops with it vectorise.
#if defined(__has_builtin)
#if __has_builtin(__builtin_elementwise_sqrt)
#define SQRT(x) __builtin_elementwise_sqrt(x)
#endif
#endif
#ifndef SQRT
#define SQRT(x) sqrtf(x)
#endif

INLINE float bits_to_float(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE uint32_t float_to_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

// exp(x) within 2 ulp: x = n ln 2 + r, |r| <= ln 2 / 2, and a polynomial of degree 6 in r (minimax,
// as in Cephes' expf). Below -87.3 the result is 0 rather than subnormal, above 88.7 infinity; NaN stays.
INLINE float exp_inline(float x) {
    float clamped = x > 88.8f ? 88.8f : x;
    clamped = clamped < -88.0f ? -88.0f : clamped;
    float n = __builtin_rintf(clamped * 1.44269504088896341f);
    float r = __builtin_fmaf(n, -0.693359375f, clamped);
    r = __builtin_fmaf(n, 2.12194440e-4f, r);
    float p = 1.9875691500e-4f;
    p = __builtin_fmaf(p, r, 1.3981999507e-3f);
    p = __builtin_fmaf(p, r, 8.3334519073e-3f);
    p = __builtin_fmaf(p, r, 4.1665795894e-2f);
    p = __builtin_fmaf(p, r, 1.6666665459e-1f);
    p = __builtin_fmaf(p, r, 5.0000001201e-1f);
    p = __builtin_fmaf(p, r * r, r) + 1.0f;
    // 2^n in two factors, as n may be 128. A NaN is made 0 before the conversion to an integer, which
    // would not be defined for it.
    int32_t whole = (int32_t)(n == n ? n : 0.0f);
    int32_t half = whole >> 1;
    float result = p * bits_to_float((uint32_t)(half + 127) << 23)
        * bits_to_float((uint32_t)(whole - half + 127) << 23);
    result = x < -87.3f ? 0.0f : result;
    result = x > 88.72284f ? INFINITY : result;
    return x == x ? result : x;
}

// The standard normal density and distribution. The distribution comes from Abramowitz and Stegun's
// form 7.1.26 made more accurate: erfc(z) = t exp(-z^2 + P(t)), t = 1 / (1 + z / 2) (Press et al.,
// Numerical Recipes, section 6.2), with relative error below 1.2e-7 everywhere.
INLINE float erfc_positive(float z, float exp_of_minus_z_squared) {
    float t = 1.0f / (1.0f + 0.5f * z);
    float p = 0.17087277f;
    p = __builtin_fmaf(p, t, -0.82215223f);
    p = __builtin_fmaf(p, t, 1.48851587f);
    p = __builtin_fmaf(p, t, -1.13520398f);
    p = __builtin_fmaf(p, t, 0.27886807f);
    p = __builtin_fmaf(p, t, -0.18628806f);
    p = __builtin_fmaf(p, t, 0.09678418f);
    p = __builtin_fmaf(p, t, 0.37409196f);
    p = __builtin_fmaf(p, t, 1.00002368f);
    p = __builtin_fmaf(p, t, -1.26551223f);
    return t * exp_inline(p) * exp_of_minus_z_squared;
}

INLINE float normal_distribution(float x, float density_shape) {
    float z = fabsf(x) * 0.70710678118654752f;
    float half = 0.5f * erfc_positive(z, density_shape);
    return x < 0.0f ? half : 1.0f - half;
}

INLINE float sigmoid_inline(float x) {
    float e = exp_inline(-fabsf(x));
    float positive = 1.0f / (1.0f + e);
    return x < 0.0f ? e * positive : positive;
}

INLINE float tanh_inline(float x) {
    float z = fabsf(x);
    // Near zero the quotient loses digits; a polynomial in x^2 (Cephes' tanhf) serves below 0.625.
    float s = x * x;
    float p = -5.70498872745e-3f;
    p = __builtin_fmaf(p, s, 2.06390887954e-2f);
    p = __builtin_fmaf(p, s, -5.37397155531e-2f);
    p = __builtin_fmaf(p, s, 1.33314422036e-1f);
    p = __builtin_fmaf(p, s, -3.33332819422e-1f);
    float small = __builtin_fmaf(p * s, x, x);
    float e = exp_inline(-2.0f * z);
    float large = copysignf((1.0f - e) / (1.0f + e), x);
    return z < 0.625f ? small : large;
}
