#include "CKernels.h"
#include "Maths.h"

// Each function has a value f(x) and a slope f'(x). Arguments are clamped where a factor has long
// vanished, so that infinities do not meet zeros.

KNAS_INLINE float relu(float x) { return x < 0.0f ? 0.0f : x; }

KNAS_INLINE float relu_slope(float x) { return x > 0.0f ? 1.0f : (x <= 0.0f ? 0.0f : x); }

// x Phi(x) = max(x, 0) - |x| (1 - Phi(|x|)).
KNAS_INLINE float gelu(float x) {
    float gaussian;
    const float a = knas_at_most(__builtin_fabsf(x), 13.0f);
    return relu(x) - a * knas_normal_tail(a, &gaussian);
}

KNAS_INLINE float gelu_slope(float x) {
    float gaussian;
    const float clamped = knas_clamp(x, 13.0f);
    const float tail = knas_normal_tail(__builtin_fabsf(clamped), &gaussian);
    const float phi = clamped < 0.0f ? tail : 1.0f - tail;
    return phi + clamped * (0.398942280f * gaussian);
}

// 0.5 (1 + tanh(u)) = sigmoid(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3).
KNAS_INLINE float gelu_tanh(float x) {
    const float a = knas_at_least(x, -13.0f);
    return a * knas_sigmoid(a * (1.59576912f + 0.0713548163f * a * a));
}

KNAS_INLINE float gelu_tanh_slope(float x) {
    const float a = knas_clamp(x, 13.0f);
    const float square = a * a;
    float rest;
    const float s = knas_sigmoid_and_rest(a * (1.59576912f + 0.0713548163f * square), &rest);
    return s + a * s * rest * (1.59576912f + 0.214064449f * square);
}

KNAS_INLINE float silu(float x) { return knas_at_least(x, -87.0f) * knas_sigmoid(x); }

KNAS_INLINE float silu_slope(float x) {
    float rest;
    const float s = knas_sigmoid_and_rest(x, &rest);
    return s * (1.0f + knas_clamp(x, 87.0f) * rest);
}

KNAS_INLINE float tanh_slope(float x) {
    const float t = knas_tanh(x);
    return 1.0f - t * t;
}

KNAS_INLINE float sigmoid_slope(float x) {
    float rest;
    return knas_sigmoid_and_rest(x, &rest) * rest;
}

KNAS_CLONES
void knas_activation(int32_t kind, int64_t count, const float *x, float *y) {
    switch (kind) {
    case KNAS_RELU: KNAS_EACH(i, count, 0, y, relu(x[i])); break;
    case KNAS_GELU: KNAS_EACH(i, count, 0, y, gelu(x[i])); break;
    case KNAS_GELU_TANH: KNAS_EACH(i, count, 0, y, gelu_tanh(x[i])); break;
    case KNAS_SILU: KNAS_EACH(i, count, 0, y, silu(x[i])); break;
    case KNAS_TANH: KNAS_EACH(i, count, 0, y, knas_tanh(x[i])); break;
    case KNAS_SIGMOID: KNAS_EACH(i, count, 0, y, knas_sigmoid(x[i])); break;
    // An unknown kind must not pass for a result.
    default: KNAS_EACH(i, count, 0, y, KNAS_NAN); break;
    }
}

KNAS_CLONES
void knas_activation_backward(
    int32_t kind, int64_t count, const float *x, const float *dy, float *dx, int32_t accumulate) {
    switch (kind) {
    case KNAS_RELU: KNAS_EACH(i, count, accumulate, dx, dy[i] * relu_slope(x[i])); break;
    case KNAS_GELU: KNAS_EACH(i, count, accumulate, dx, dy[i] * gelu_slope(x[i])); break;
    case KNAS_GELU_TANH: KNAS_EACH(i, count, accumulate, dx, dy[i] * gelu_tanh_slope(x[i])); break;
    case KNAS_SILU: KNAS_EACH(i, count, accumulate, dx, dy[i] * silu_slope(x[i])); break;
    case KNAS_TANH: KNAS_EACH(i, count, accumulate, dx, dy[i] * tanh_slope(x[i])); break;
    case KNAS_SIGMOID: KNAS_EACH(i, count, accumulate, dx, dy[i] * sigmoid_slope(x[i])); break;
    default: KNAS_EACH(i, count, 0, dx, KNAS_NAN); break;
    }
}
