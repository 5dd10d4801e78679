-- Of the functions with these names: the hash of the text from which they were made, and how to drop
-- them; and the hash of the text $2.
SELECT coalesce(max(obj_description(p.oid, 'pg_proc'))
                  FILTER (WHERE p.proname = 'holdfast_keyed_commit'), ''),
       coalesce(string_agg(format('DROP FUNCTION %s;', p.oid::regprocedure), E'\n'), ''),
       md5($2::text)
  FROM pg_proc p
 WHERE p.proname = ANY ($1::text[]) AND pg_function_is_visible(p.oid)
