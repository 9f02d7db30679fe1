/* The order into which pandas' sort_values() brings dates: that of numpy's introsort of indices,
 * which moves equal dates, but always in the same way (dates have no vectorised variant in numpy).
 */
#ifndef FK_ENGINE_DATE_ORDER_H
#define FK_ENGINE_DATE_ORDER_H

#include <stdint.h>

/* Ranges up to this size are sorted by insertion. */
#define FK_SMALL_RANGE 16
/* The larger part of a range waits, so there are never more than there are bits in a size. */
#define FK_RANGES_WAITING 32

typedef struct {
    int32_t first, last, depth; /* depth: how many more partitions, before heaps take over */
} fk_range;

static inline int fk_earlier(const int64_t *dates, int32_t a, int32_t b) {
    return dates[a] < dates[b];
}

static inline void fk_swap(int32_t *a, int32_t *b) {
    const int32_t kept = *a;
    *a = *b;
    *b = kept;
}

static inline void fk_insertion_order(const int64_t *dates, int32_t *order, int32_t first,
                                      int32_t last) {
    for (int32_t at = first + 1; at <= last; at++) {
        const int32_t inserted = order[at];
        int32_t to = at;
        for (; to > first && fk_earlier(dates, inserted, order[to - 1]); to--)
            order[to] = order[to - 1];
        order[to] = inserted;
    }
}

/* Puts an index into the place `at` of a heap, or under later ones; the root is 1. */
static inline void fk_sift_down(const int64_t *dates, int32_t *heap, int32_t size, int32_t at,
                                int32_t index) {
    for (int32_t child = 2 * at; child <= size; child = 2 * at) {
        if (child < size && fk_earlier(dates, heap[child - 1], heap[child])) child++;
        if (!fk_earlier(dates, index, heap[child - 1])) break;
        heap[at - 1] = heap[child - 1];
        at = child;
    }
    heap[at - 1] = index;
}

static inline void fk_heap_order(const int64_t *dates, int32_t *heap, int32_t size) {
    for (int32_t root = size / 2; root > 0; root--)
        fk_sift_down(dates, heap, size, root, heap[root - 1]);
    while (size > 1) {
        const int32_t index = heap[size - 1];
        heap[size - 1] = heap[0];
        fk_sift_down(dates, heap, --size, 1, index);
    }
}

/* Parts a range around the median of three; returns the median's place. */
static inline int32_t fk_partition(const int64_t *dates, int32_t *order, int32_t first,
                                   int32_t last) {
    const int32_t middle = first + (last - first) / 2;
    int32_t up = first, down = last - 1;
    int64_t pivot;
    if (fk_earlier(dates, order[middle], order[first])) fk_swap(order + middle, order + first);
    if (fk_earlier(dates, order[last], order[middle])) fk_swap(order + last, order + middle);
    if (fk_earlier(dates, order[middle], order[first])) fk_swap(order + middle, order + first);
    pivot = dates[order[middle]];
    fk_swap(order + middle, order + down);
    for (;;) {
        while (dates[order[++up]] < pivot) continue;
        while (pivot < dates[order[--down]]) continue;
        if (up >= down) break;
        fk_swap(order + up, order + down);
    }
    fk_swap(order + up, order + last - 1);
    return up;
}

/* Parts ranges until only a small one is left, which is returned; the others wait. */
static inline fk_range fk_part(const int64_t *dates, int32_t *order, fk_range range,
                               fk_range *waiting, int *count) {
    while (range.last - range.first >= FK_SMALL_RANGE) {
        const int32_t place = fk_partition(dates, order, range.first, range.last);
        fk_range larger = {range.first, place - 1, --range.depth};
        if (place - range.first < range.last - place) {
            larger.first = place + 1;
            larger.last = range.last;
            range.last = place - 1;
        } else {
            range.first = place + 1;
        }
        waiting[(*count)++] = larger;
    }
    return range;
}

/* order = numpy.argsort(dates) for dates of datetime64. */
static inline void fk_date_order(const int64_t *dates, int32_t *order, int32_t count) {
    fk_range waiting[FK_RANGES_WAITING], range = {0, count - 1, 0};
    int left = 1;
    for (int32_t at = 0; at < count; at++) order[at] = at;
    for (int32_t size = count; size > 1; size /= 2) range.depth += 2;
    waiting[0] = range;
    while (left > 0) {
        range = waiting[--left];
        if (range.depth < 0) {
            fk_heap_order(dates, order + range.first, range.last - range.first + 1);
            continue;
        }
        range = fk_part(dates, order, range, waiting, &left);
        fk_insertion_order(dates, order, range.first, range.last);
    }
}

#endif
