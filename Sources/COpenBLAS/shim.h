#pragma once
#include <cblas.h>

// LAPACK's functions that OpenBLAS contains: Fortran order, everything by address. Not every system
// installs a header for them. The symmetric eigensolver (divide and conquer):
void dsyevd_(
    const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
    double *work, const int *lwork, int *iwork, const int *liwork, int *info);

// Cholesky's factorisation, and solving with it.
void spotrf_(const char *uplo, const int *n, float *a, const int *lda, int *info);
void spotrs_(
    const char *uplo, const int *n, const int *nrhs, const float *a, const int *lda, float *b,
    const int *ldb, int *info);

// OpenBLAS's buffers, one for every thread that multiplies: exported, but in no header.
void *blas_memory_alloc(int place);
void blas_memory_free(void *buffer);

// How a build of OpenBLAS with kernels for many processors chooses: exported, but in no header, and missing in
// builds for one processor.
#if defined(__x86_64__)
#include <stdlib.h>
#include <string.h>

extern void gotoblas_dynamic_init(void) __attribute__((weak));
extern void gotoblas_dynamic_quit(void) __attribute__((weak));

// Lets OpenBLAS choose again where it does not know the processor, which is newer than it is: it takes its kernels for
// any x86-64 then, which need three times as long as those for AVX2 or AVX-512. Not while another thread multiplies.
static inline void knas_choose_kernels(void) {
    if (!gotoblas_dynamic_init || !gotoblas_dynamic_quit) return;
    if (getenv("OPENBLAS_CORETYPE") || strcmp(openblas_get_corename(), "Prescott") != 0) return;
    const char *kernels = NULL;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) kernels = "Haswell";
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        kernels = __builtin_cpu_supports("avx512bf16") ? "Cooperlake" : "SkylakeX";
    if (!kernels) return;
    setenv("OPENBLAS_CORETYPE", kernels, 1);
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
    unsetenv("OPENBLAS_CORETYPE");
}
#else
static inline void knas_choose_kernels(void) {}
#endif
