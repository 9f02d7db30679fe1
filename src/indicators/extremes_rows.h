/* The loops of extremes.h, written once for every kind of vector; included several times, without
 * a guard. To be defined before, and undefined here: FK_KIND(name), which makes the names;
 * FK_TARGET, attributes of the functions; FK_FOUR, four doubles; FK_LOAD4(from), FK_STORE4(to, a),
 * FK_MIDDLE4(a, b), the four in the middle of eight; FK_LOW4(a, b) and FK_HIGH4(a, b), which are
 * ``b`` where neither wins; FK_SEEN4(seen, a), NaN where ``seen`` or ``a - a`` is.
 */
#define FK_WINNER4(older, newer) (most ? FK_HIGH4(older, newer) : FK_LOW4(older, newer))

/* Extremes of the last 2, 4 and 8 values that the next four need. */
typedef struct {
    FK_FOUR two, four, eight, eight_before, seen;
} FK_KIND(fk_past);

FK_TARGET FK_INLINE FK_FOUR FK_KIND(fk_level4)(FK_KIND(fk_past) *past, const double *x, int size,
                                               int most) {
    FK_FOUR values = FK_LOAD4(x), two, four, eight, all;
    past->seen = FK_SEEN4(past->seen, values);
    if (size == 1) return values;
    two = FK_LOAD4(x - 1);
    two = FK_WINNER4(two, values);
    if (size == 2) return two;
    four = FK_MIDDLE4(past->two, two);
    four = FK_WINNER4(four, two);
    past->two = two;
    if (size == 4) return four;
    eight = FK_WINNER4(past->four, four);
    past->four = four;
    if (size == 8) return eight;
    all = FK_WINNER4(past->eight_before, eight);
    past->eight_before = past->eight;
    past->eight = eight;
    return all;
}

/* level[i] for i < count, a multiple of four. Returns whether a value is missing among those used,
 * which begin at x[-16]: then the levels do not count. */
FK_TARGET FK_INLINE int FK_KIND(fk_level_chunk)(const double *x, ptrdiff_t count, double *level,
                                                int size, int most) {
    FK_KIND(fk_past) past;
    double seen[4] = {0.0, 0.0, 0.0, 0.0};
    past.two = past.four = past.eight = past.eight_before = past.seen = FK_LOAD4(seen);
    for (ptrdiff_t i = -16; i < 0; i += 4) FK_KIND(fk_level4)(&past, x + i, size, most);
    for (ptrdiff_t i = 0; i < count; i += 4)
        FK_STORE4(level + i, FK_KIND(fk_level4)(&past, x + i, size, most));
    FK_STORE4(seen, past.seen);
    return !(seen[0] == 0.0 && seen[1] == 0.0 && seen[2] == 0.0 && seen[3] == 0.0);
}

/* Windows of many blocks: at most ``rows`` rows of 16. ``suffix`` has rows + 1 of them: from row k
 * to the end of the rows before; on return, of these. */
FK_TARGET FK_INLINE void FK_KIND(fk_cover_rows)(const double *level, ptrdiff_t count,
                                                ptrdiff_t window, double *suffix, double *out,
                                                int most) {
    const double *first = level - window + FK_ROW, *behind = suffix + window / FK_ROW * FK_ROW;
    FK_FOUR run[4], other;
    ptrdiff_t i;
    for (int l = 0; l < 4; l++) run[l] = FK_LOAD4(behind);
    for (i = 0; i < count; i += FK_ROW) {
        double last[FK_ROW], *to = count - i < FK_ROW ? last : out + i;
        for (int l = 0; l < 4; l++) {
            other = FK_LOAD4(level + i + 4 * l);
            run[l] = FK_WINNER4(run[l], other);
            other = FK_LOAD4(suffix + i + FK_ROW + 4 * l);
            other = FK_WINNER4(other, run[l]);
            FK_STORE4(to + 4 * l, FK_WINNER4(FK_LOAD4(first + i + 4 * l), other));
        }
        if (to == last) memcpy(out + i, last, (size_t)(count - i) * sizeof *out);
    }
    if (count < behind - suffix) return;
    for (int l = 0; l < 4; l++) run[l] = FK_LOAD4(behind);
    for (i = count - FK_ROW; i >= 0; i -= FK_ROW) {
        for (int l = 0; l < 4; l++) {
            other = FK_LOAD4(level + i + 4 * l);
            run[l] = FK_WINNER4(other, run[l]);
            FK_STORE4(suffix + i + 4 * l, run[l]);
        }
    }
}

FK_TARGET FK_INLINE void FK_KIND(fk_cover_many)(const double *level, ptrdiff_t count,
                                                ptrdiff_t window, double *suffix, double *out,
                                                int most) {
    ptrdiff_t block = window / FK_ROW * FK_ROW;
    for (ptrdiff_t i = 0; i < count; i += block)
        FK_KIND(fk_cover_rows)(level + i, count - i < block ? count - i : block, window, suffix,
                               out + i, most);
}

/* Windows of up to four blocks. */
FK_TARGET FK_INLINE void FK_KIND(fk_cover_few)(const double *__restrict level, ptrdiff_t count,
                                               ptrdiff_t window, ptrdiff_t size,
                                               double *__restrict out, int most) {
    const double *first = level - window + size;
    const double *second = level - size, *third = level - 2 * size;
    ptrdiff_t blocks = (window + size - 1) / size;
    if (blocks <= 2) {
        for (ptrdiff_t i = 0; i < count; i++) out[i] = fk_winner(first[i], level[i], most);
    } else if (blocks == 3) {
        for (ptrdiff_t i = 0; i < count; i++)
            out[i] = fk_winner(first[i], fk_winner(second[i], level[i], most), most);
    } else {
        for (ptrdiff_t i = 0; i < count; i++)
            out[i] = fk_winner(fk_winner(first[i], third[i], most),
                               fk_winner(second[i], level[i], most), most);
    }
}

/* The three of them, of lowest or highest values. */
FK_TARGET static int FK_KIND(fk_levels)(const double *x, ptrdiff_t count, double *level, int size,
                                        int most) {
    if (most) {
        if (size == 1) return FK_KIND(fk_level_chunk)(x, count, level, 1, 1);
        if (size == 2) return FK_KIND(fk_level_chunk)(x, count, level, 2, 1);
        if (size == 4) return FK_KIND(fk_level_chunk)(x, count, level, 4, 1);
        if (size == 8) return FK_KIND(fk_level_chunk)(x, count, level, 8, 1);
        return FK_KIND(fk_level_chunk)(x, count, level, 16, 1);
    }
    if (size == 1) return FK_KIND(fk_level_chunk)(x, count, level, 1, 0);
    if (size == 2) return FK_KIND(fk_level_chunk)(x, count, level, 2, 0);
    if (size == 4) return FK_KIND(fk_level_chunk)(x, count, level, 4, 0);
    if (size == 8) return FK_KIND(fk_level_chunk)(x, count, level, 8, 0);
    return FK_KIND(fk_level_chunk)(x, count, level, 16, 0);
}

FK_TARGET static void FK_KIND(fk_cover)(const double *level, ptrdiff_t count, ptrdiff_t window,
                                        ptrdiff_t size, double *suffix, double *out, int most) {
    if (window > FK_FEW_BLOCKS) {
        if (most)
            FK_KIND(fk_cover_many)(level, count, window, suffix, out, 1);
        else
            FK_KIND(fk_cover_many)(level, count, window, suffix, out, 0);
    } else if (most) {
        FK_KIND(fk_cover_few)(level, count, window, size, out, 1);
    } else {
        FK_KIND(fk_cover_few)(level, count, window, size, out, 0);
    }
}

#undef FK_WINNER4
#undef FK_KIND
#undef FK_TARGET
#undef FK_FOUR
#undef FK_LOAD4
#undef FK_STORE4
#undef FK_MIDDLE4
#undef FK_LOW4
#undef FK_HIGH4
#undef FK_SEEN4
