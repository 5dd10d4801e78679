-- Whether the hold in the row `b` is live at {now}, as holdfast_commit defines it. A hold from the future that
-- would last a minute longer than any may, {longest} seconds, holds nothing: the clock has been set back since.
b.locked_up > {now}
AND (b.date_created > {now}
     AND b.locked_up > {now} + {longest}::float8 * interval '1 second' + interval '1 minute') IS NOT TRUE
