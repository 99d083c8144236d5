#include "Library.h"

#include <dlfcn.h>
#include <pthread.h>

#ifndef KNAS_HAS_ONEDNN

knas_bf16_state knas_bf16_available(void) { return KNAS_BF16_NOT_BUILT; }
void knas_bf16_round(int64_t count, const float *x, uint16_t *y) {}

#else

#include <immintrin.h>

#define DEFINE(name) __typeof__(&name) knas_p_##name;
KNAS_ONEDNN_FUNCTIONS(DEFINE)
#undef DEFINE

dnnl_engine_t knas_engine;
static knas_bf16_state state = KNAS_BF16_NO_LIBRARY;
static pthread_once_t once = PTHREAD_ONCE_INIT;
// oneDNN is built on OpenMP, which would start threads of its own in each of ours.
static void (*set_threads)(int);

static void load(void) {
    if (!__builtin_cpu_supports("avx512bf16")) {
        state = KNAS_BF16_NO_PROCESSOR;
        return;
    }
    void *library = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
#define FIND(name) \
    if (!(knas_p_##name = (__typeof__(&name))dlsym(library, #name))) return;
    KNAS_ONEDNN_FUNCTIONS(FIND)
#undef FIND
    // Found through the library, which depends on OpenMP's.
    set_threads = (void (*)(int))dlsym(library, "omp_set_num_threads");
    if (knas_p_dnnl_version()->major != 2) return;
    if (knas_p_dnnl_engine_create(&knas_engine, dnnl_cpu, 0) != dnnl_success) return;
    state = KNAS_BF16_READY;
}

knas_bf16_state knas_bf16_available(void) {
    pthread_once(&once, load);
    return state;
}

// Its content is lost where it grows; 0 where there is none left.
static int reserve(knas_memory *own, size_t size) {
    if (own->size >= size) return 1;
    free(own->start);
    own->size = 0;
    own->start = aligned_alloc(64, (size + 63) / 64 * 64);
    if (own->start) own->size = size;
    return own->start != NULL;
}

static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void destroy_workspace(void *value) {
    knas_workspace *space = value;
    if (space->stream) knas_p_dnnl_stream_destroy(space->stream);
    for (int i = 0; i < KNAS_PRODUCTS; i++) {
        knas_product *product = space->products[i];
        if (product) knas_p_dnnl_primitive_destroy(product->primitive);
        free(product);
    }
    free(space->rows.start);
    free(space->result.start);
    free(space->scratch.start);
    free(space);
}
static void make_key(void) { pthread_key_create(&key, destroy_workspace); }

// Sizes are in bytes.
knas_workspace *knas_own_workspace(size_t rows, size_t result, size_t scratch) {
    pthread_once(&key_once, make_key);
    knas_workspace *space = pthread_getspecific(key);
    if (!space) {
        space = calloc(1, sizeof *space);
        if (!space) return NULL;
        if (set_threads) set_threads(1);
        if (knas_p_dnnl_stream_create(&space->stream, knas_engine, dnnl_stream_default_flags) != dnnl_success
            || pthread_setspecific(key, space) != 0) {
            destroy_workspace(space);
            return NULL;
        }
    }
    return reserve(&space->rows, rows) && reserve(&space->result, result)
            && reserve(&space->scratch, scratch)
        ? space : NULL;
}

__attribute__((target("avx512f,avx512bf16")))
void knas_bf16_round(int64_t count, const float *x, uint16_t *y) {
    int64_t i = 0;
    for (; i + 32 <= count; i += 32) {
        const __m512bh both =
            _mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + i + 16), _mm512_loadu_ps(x + i));
        memcpy(y + i, &both, 64);
    }
    for (; i < count; i += 16) {
        const int64_t rest = count - i < 16 ? count - i : 16;
        const __mmask16 mask = (__mmask16)((1u << rest) - 1);
        const __m256bh half = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, x + i));
        memcpy(y + i, &half, (size_t)rest * 2);
    }
}

dnnl_status_t knas_describe(
    dnnl_memory_desc_t *desc, int64_t rows, int64_t columns, dnnl_data_type_t type, int transposed) {
    dnnl_dims_t sizes = {rows, columns};
    dnnl_dims_t strides = {transposed ? 1 : columns, transposed ? rows : 1};
    return knas_p_dnnl_memory_desc_init_by_strides(desc, 2, sizes, type, strides);
}

static dnnl_status_t add_sum(dnnl_primitive_attr_t attributes) {
    dnnl_post_ops_t operations;
    dnnl_status_t status = knas_p_dnnl_post_ops_create(&operations);
    if (status) return status;
    status = knas_p_dnnl_post_ops_append_sum(operations, 1);
    if (!status) status = knas_p_dnnl_primitive_attr_set_post_ops(attributes, operations);
    knas_p_dnnl_post_ops_destroy(operations);
    return status;
}

dnnl_status_t knas_make_description(
    const dnnl_matmul_desc_t *matmul, int accumulate, dnnl_primitive_desc_t *made) {
    dnnl_primitive_attr_t attributes;
    dnnl_status_t status = knas_p_dnnl_primitive_attr_create(&attributes);
    if (status) return status;
    status = knas_p_dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    if (!status && accumulate) status = add_sum(attributes);
    if (!status) {
        status = knas_p_dnnl_primitive_desc_create(made, matmul, attributes, knas_engine, NULL);
    }
    knas_p_dnnl_primitive_attr_destroy(attributes);
    return status;
}

dnnl_status_t knas_execute(
    dnnl_primitive_t primitive, knas_workspace *space, int count, dnnl_exec_arg_t *arguments) {
    dnnl_status_t status =
        knas_p_dnnl_primitive_execute(primitive, space->stream, count, arguments);
    return status ? status : knas_p_dnnl_stream_wait(space->stream);
}

#endif
