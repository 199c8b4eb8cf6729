/* check.h - what a unit test includes: cmocka, with its `fail` out of the way of ours. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#undef fail

#include "base/base.h"

#include <string.h>
