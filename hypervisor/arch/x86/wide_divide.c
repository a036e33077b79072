/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Division of 128-bit integers, which the compiler calls by these names. Rare, so simple. */

typedef unsigned __int128 wide;

wide __udivti3(wide dividend, wide divisor);
__int128 __divti3(__int128 dividend, __int128 divisor);

wide __udivti3(wide dividend, wide divisor)
{
	wide quotient = 0, rest = 0;

	for (int bit = 127; bit >= 0; bit--) {
		rest = rest << 1 | (dividend >> bit & 1);
		if (rest >= divisor) {
			rest -= divisor;
			quotient |= (wide)1 << bit;
		}
	}
	return quotient;
}

__int128 __divti3(__int128 dividend, __int128 divisor)
{
	wide quotient = __udivti3(dividend < 0 ? -(wide)dividend : (wide)dividend,
				  divisor < 0 ? -(wide)divisor : (wide)divisor);

	return (dividend < 0) != (divisor < 0) ? -(__int128)quotient : (__int128)quotient;
}
