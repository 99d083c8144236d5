#include "Inline.h"

// Loops over one activation each: the kind is decided outside, the bodies are free of branches.
#define MAP(body) \
    ELEMENTWISE \
    for (int64_t i = 0; i < count; i++) { float v = x[i]; y[i] = (body); }

INLINE float gelu_inline(float v) {
    return v * normal_distribution(v, exp_inline(-0.5f * v * v));
}

INLINE float gelu_slope(float v) {
    float shape = exp_inline(-0.5f * v * v);
    float density = 0.39894228040143268f * shape;
    // exp(-v^2 / 2) is zero beyond 13, where v * density would be inf * 0 for infinite v.
    float product = shape == 0.0f ? 0.0f : v * density;
    return normal_distribution(v, shape) + product;
}

INLINE float gelu_tanh_argument(float v) {
    return 0.79788456080286536f * (v + 0.044715f * v * v * v);
}

CLONES
void knas_activation(int32_t kind, int64_t count, const float *x, float *y) {
    switch (kind) {
    case KNAS_RELU: MAP(v < 0.0f ? 0.0f : v) break;
    case KNAS_GELU: MAP(gelu_inline(v)) break;
    case KNAS_GELU_TANH: MAP(v * sigmoid_inline(2.0f * gelu_tanh_argument(v))) break;
    case KNAS_SILU: MAP(v * sigmoid_inline(v)) break;
    case KNAS_TANH: MAP(tanh_inline(v)) break;
    default: MAP(sigmoid_inline(v)) break;
    }
}

INLINE float silu_slope(float v) {
    float s = sigmoid_inline(v);
    return s + v * s * (1.0f - s);
}

INLINE float gelu_tanh_slope(float v) {
    float s = sigmoid_inline(2.0f * gelu_tanh_argument(v));
    float inner = 0.79788456080286536f * (1.0f + 3.0f * 0.044715f * v * v);
    return s + v * 2.0f * s * (1.0f - s) * inner;
}

INLINE float tanh_slope(float v) {
    float t = tanh_inline(v);
    return 1.0f - t * t;
}

INLINE float sigmoid_slope(float v) {
    float s = sigmoid_inline(v);
    return s * (1.0f - s);
}

#define SLOPE(body) \
    if (accumulate) { \
        ELEMENTWISE \
        for (int64_t i = 0; i < count; i++) { float v = x[i]; dx[i] += dy[i] * (body); } \
    } else { \
        ELEMENTWISE \
        for (int64_t i = 0; i < count; i++) { float v = x[i]; dx[i] = dy[i] * (body); } \
    }

CLONES
void knas_activation_backward(
    int32_t kind, int64_t count, const float *x, const float *dy, float *dx, int32_t accumulate) {
    switch (kind) {
    case KNAS_RELU: SLOPE(v > 0.0f ? 1.0f : 0.0f) break;
    case KNAS_GELU: SLOPE(gelu_slope(v)) break;
    case KNAS_GELU_TANH: SLOPE(gelu_tanh_slope(v)) break;
    case KNAS_SILU: SLOPE(silu_slope(v)) break;
    case KNAS_TANH: SLOPE(tanh_slope(v)) break;
    default: SLOPE(sigmoid_slope(v)) break;
    }
}
