#include "engine/liquid/inside.h"
bool
check_schema(const Liquid *liquid, LiquidNotes *notes)
{
    return true;
}
