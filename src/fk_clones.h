/* Loops compiled twice, with and without AVX2: the same operations, hence the same bits. */
#ifndef FK_CLONES

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__GLIBC__) && \
    !defined(__SANITIZE_ADDRESS__)
#define FK_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define FK_CLONES
#endif

/* Always inlined: what a clone calls must be compiled with it. */
#if defined(__GNUC__)
#define FK_INLINE static inline __attribute__((always_inline, unused))
#else
#define FK_INLINE static inline
#endif

#endif
