def test_x(server, database, connection, target, proxy, make_server):
    from resources.mysql.connection import rows, connect
    assert rows(connect(proxy.endpoint(server.tcp_endpoint)), "select 1")
    print(rows(connection, "select plugin_status from information_schema.plugins where plugin_name='clone'"))
    m = make_server()
    assert m.is_running
