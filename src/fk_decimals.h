/* Decimals of a price as freqtrade counts them: digits after the point, trailing zeros dropped.
 *
 * fk_decimals_significant: after rounding to 14 significant digits (freqtrade from 2025.12 on:
 *   numpy.format_float_positional(x, precision=14, unique=False, fractional=False)).
 * fk_decimals_fixed: after rounding to 14 decimals and printing 15 (freqtrade before that).
 *
 * Both return 0 for "none", where freqtrade has NaN.
 */
#ifndef FK_DECIMALS_H
#define FK_DECIMALS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fk_ten.h"

/* 10^(k - 9), nearest double: only compared with, to find the leading digit's place. */
static const double FK_DECADE[24] = {1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2,
                                     1e-1, 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                     1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14};

/* printf rounds the exact binary value correctly, ties to even, as numpy's Dragon4 does. */
static int fk_decimals_significant_printed(double x) {
    char text[40];
    int digits = 0, significant = 0, exponent = 0;
    const char *at;
    if (!isfinite(x) || x == 0.0) return 0;
    snprintf(text, sizeof text, "%.13e", fabs(x));
    for (at = text; *at != 'e'; at++) {
        if (*at < '0' || *at > '9') continue; /* the locale's decimal point */
        digits++;
        if (*at != '0') significant = digits;
    }
    {
        int negative = at[1] == '-';
        for (at += 2; *at; at++) exponent = exponent * 10 + (*at - '0');
        if (negative) exponent = -exponent;
    }
    return significant - 1 > exponent ? significant - 1 - exponent : 0;
}

static inline int fk_decimals_significant(double x) {
    const double a = fabs(x);
    uint64_t bits, digits;
    int place, decimals;
    double scaled, off;
    if (!(a >= 1e-8 && a < 1e14)) return fk_decimals_significant_printed(x);
    memcpy(&bits, &a, sizeof bits);
    /* floor(log10(a)) from the binary exponent, at most one too small. */
    place = (int)((((int64_t)(bits >> 52) - 1023) * 1233) >> 12);
    place += a >= FK_DECADE[place + 10];
    decimals = 13 - place;
    scaled = a * FK_POW10[decimals]; /* below 2^47: off by at most 2^-7 */
    digits = (uint64_t)(int64_t)(scaled + 0.5);
    off = scaled - (double)(int64_t)digits;
    if (off > 0.48 || off < -0.48) return fk_decimals_significant_printed(x);
    digits = fk_strip(digits, UINT64_C(0xc767074b22e90e21), 8, 100000000, &decimals);
    digits = fk_strip(digits, UINT64_C(0xd288ce703afb7e91), 4, 10000, &decimals);
    digits = fk_strip(digits, UINT64_C(0x8f5c28f5c28f5c29), 2, 100, &decimals);
    fk_strip(digits, UINT64_C(0xcccccccccccccccd), 1, 10, &decimals);
    return decimals > 0 ? decimals : 0;
}

/* `rounded` is numpy.round(x, 14). */
static inline int fk_decimals_fixed(double rounded) {
    char text[352]; /* sign, 309 digits, point, 15 decimals */
    int length;
    if (!isfinite(rounded)) return 0;
    length = snprintf(text, sizeof text, "%.15f", rounded);
    for (int decimals = 15; decimals > 0; decimals--)
        if (text[length - 16 + decimals] != '0') return decimals;
    return 0;
}

#endif
