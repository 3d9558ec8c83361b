// Purpose: How many users there are, and how many active ones hold a role.
// Mode: READ
// Param: role STRING
// Column: users INT
// Column: holders INT
// Index: user_id
MATCH (u:User) WHERE u.id >= ''
RETURN count(u) AS users, count(CASE WHEN u.status = 'ACTIVE' AND $role IN u.roles THEN 1 END) AS holders
