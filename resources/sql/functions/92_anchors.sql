-- What people and the gateway may ask about the audit itself.

-- Write an anchor over all chains now, and that it was made: an anchor that is gone later is missed.
CREATE OR REPLACE FUNCTION app.make_anchor() RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_made record;
BEGIN
    SELECT m.id, m.hash INTO v_made FROM audit.make_anchor(app.now()) AS m;
    PERFORM app.audit('anchor', 'anchor/' || v_made.id, NULL, jsonb_build_object('hash', v_made.hash));
    RETURN v_made.id;
END
$$;

-- For the gateway: makes an anchor when one is due, and returns those that nobody has signed.
CREATE OR REPLACE FUNCTION api.gateway_anchor() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_last timestamptz;
    v_hours integer;
BEGIN
    PERFORM app.gateway();
    v_last := audit.last_anchor_at();
    v_hours := least(24, app.rule_number('anchor_hours'));  -- a day at the longest, whatever it says
    IF v_last IS NULL OR v_last <= app.now() - make_interval(hours => v_hours) THEN
        PERFORM app.make_anchor();
    END IF;
    RETURN (
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', u.id, 'hash', u.hash) ORDER BY u.id), '[]')
        FROM audit.unsigned_anchors(20) AS u);
END
$$;

-- Both in hexadecimal. False: there is no such anchor, or it is signed.
CREATE OR REPLACE FUNCTION api.gateway_sign(p_anchor bigint, p_public_key text, p_signature text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM app.gateway();
    IF p_anchor IS NULL OR (p_public_key ~ '^[0-9a-f]{64}$' AND p_signature ~ '^[0-9a-f]{128}$') IS NOT TRUE THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "signature"}');
    END IF;
    RETURN audit.sign_anchor(p_anchor, decode(p_public_key, 'hex'), decode(p_signature, 'hex'));
END
$$;

-- Whether the head that a client kept from an earlier sign-in still stands in the person's chain.
-- If not, the chain was rewritten or cut, or an older backup was put back: supervisors are told.
CREATE OR REPLACE FUNCTION api.check_receipt(p_receipt text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_me app.person := app.me();
BEGIN
    IF (p_receipt ~ '^[0-9a-f]{64}$') IS NOT TRUE THEN
        PERFORM app.fail('QC070', 'bad_argument', '{"field": "receipt"}');
    END IF;
    IF audit.has_receipt(decode(p_receipt, 'hex')) THEN
        RETURN true;
    END IF;
    PERFORM app.raise_alert('audit', v_me.id, 'person/' || v_me.id,
        jsonb_build_object('receipt', p_receipt));
    RETURN false;
END
$$;
