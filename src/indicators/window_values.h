/* What the rolling minimum, maximum and median share about values. */
#ifndef FK_WINDOW_VALUES_H
#define FK_WINDOW_VALUES_H

#include "fk_clones.h"

/* What pandas leaves out: NaN and the infinities. */
FK_INLINE int fk_missing(double value) { return value - value != 0.0; }

/* The lower (``most`` = 0) or the higher of two values; the newer one if they are equal. */
FK_INLINE double fk_winner(double older, double newer, int most) {
    if (most) return older > newer ? older : newer;
    return older < newer ? older : newer;
}

#endif
